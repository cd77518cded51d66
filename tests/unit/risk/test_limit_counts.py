"""What the metrics say about limits: how many in each state, how old the oldest open breach is."""

from tests.unit.risk.test_limits import NOW, handler, limit, worth

from risk.core.limits.book import LimitBook


def test_every_limit_is_in_one_state_and_unknown_until_judged() -> None:
    one = handler(limit("gross", 1000.0), limit("net", 1000.0, limit_id="M", portfolio_id="Q"))
    book = one.state.limits
    assert book.count_by_state() == {"OK": 0, "WARNING": 0, "BREACH": 0, "UNKNOWN": 2}
    one.handle([worth("2013-10-07T14:00:00Z", "2000")], NOW)
    assert book.count_by_state() == {"OK": 0, "WARNING": 0, "BREACH": 1, "UNKNOWN": 1}


def test_the_age_of_a_breach_is_market_time_and_ends_with_it() -> None:
    one = handler(limit("gross", 1000.0))
    book = one.state.limits
    assert book.oldest_breach_age_s() == 0.0
    for minute, value, age_s in ((0, "2000", 0.0), (10, "2000", 600.0), (20, "500", 0.0)):
        one.handle([worth(f"2013-10-07T14:{minute:02}:00Z", value)], NOW)
        assert book.oldest_breach_age_s() == age_s


def test_an_empty_book_has_no_limits() -> None:
    assert set(LimitBook().count_by_state().values()) == {0}
