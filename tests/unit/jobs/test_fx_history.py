from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from jobs.fx_history import DAILY_RANK, Quote, fx_history

EURUSD = [
    Quote(100, DAILY_RANK, Decimal("1.10"), "daily"),
    Quote(300, 1, Decimal("1.20"), "bar r1"),
    Quote(300, 2, Decimal("1.21"), "bar r2"),
    Quote(300, DAILY_RANK, Decimal("1.30"), "daily of the same moment"),
]


@given(st.permutations(EURUSD), st.integers(0, 500))
def test_the_newest_quote_not_from_the_future_counts_in_any_order(quotes: list[Quote], moment: int) -> None:
    found = fx_history(("EURUSD", quote) for quote in quotes).as_of(moment)
    if moment < 100:
        assert found == {}
    else:
        assert found["EURUSD"].source == ("daily" if moment < 300 else "bar r2")


def test_a_copy_grows_alone_and_repetitions_change_nothing() -> None:
    history = fx_history([("EURUSD", EURUSD[0]), ("EURUSD", EURUSD[0])])
    grown = history.copy()
    grown.add("EURUSD", EURUSD[1])
    assert history.as_of(400)["EURUSD"].source == "daily"
    assert grown.as_of(400)["EURUSD"].source == "bar r1"
