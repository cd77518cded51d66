"""Limits as the risk service judges them: live values in, events out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import DailyPnl, LimitEvent, PositionValue, Valuation
from contracts.analysis.limits import CureAnswer, LimitsAnswer
from contracts.codec import decoder, encode
from measuring.core.definitions import Deed, Definition, LimitBooks, parameters_of
from measuring.core.history import DailyHistory
from measuring.core.readings import read
from quant import DatedSeries
from quant.limit_lifecycle import LimitRaise
from quant.limits import LimitLevels
from risk.adapters.analysis_routes import analysis_routes
from risk.adapters.limit_store import to_message, to_row
from risk.core.desk import Desk
from risk.core.state import RiskState
from risk.handlers import RiskHandler
from testkit.builders import make_position_value, make_valuation, moment

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DAYS = np.arange("2010-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
PRICES = 100 * np.exp(np.random.default_rng(3).normal(0, 0.01, (len(DAYS), 2)).cumsum(axis=0))
HISTORY = DailyHistory(
    "v1",
    prices={"AAA": DatedSeries(DAYS, PRICES[:, 0], "USD"), "BBB": DatedSeries(DAYS, PRICES[:, 1], "USD")},
)


def limit(measure: str = "gross", hard: float = 1000.0, **fields) -> Definition:
    levels = LimitLevels(hard, fields.pop("warning", None), fields.pop("hysteresis", 0.0))
    plain = {
        "limit_id": "L",
        "portfolio_id": "P",
        "scope": "portfolio",
        "scope_value": None,
        "parameters": {},
    }
    return Definition(**{**plain, "measure": measure, "levels": levels, **fields})


def handler(*limits: Definition, events: Sequence[LimitEvent] = (), **books) -> RiskHandler:
    found = RiskHandler(RiskState(HISTORY, "USD"))
    found.state.limits.replace(LimitBooks("v", limits, **books))
    found.state.limits.restore(events)
    return found


def worth(at: str, value: str | None, portfolio_id: str = "P", **fields) -> Valuation:
    """A book of one position with this market value."""
    return make_valuation(portfolio_id, at, make_position_value("AAA", "1", value, **fields))


def events_of(one: RiskHandler, *valuations: Valuation) -> list[LimitEvent]:
    """Events of valuations that come one by one."""
    return [event for each in valuations for event in one.handle([each], NOW).limit_events]


def states(events: Sequence[LimitEvent]) -> list[str]:
    return [event.state for event in events]


def test_one_event_per_transition() -> None:
    found = events_of(
        handler(limit(warning=800.0, hysteresis=0.1)),
        worth("14:00", "500"),
        worth("14:01", "850"),
        worth("14:02", "900"),
        worth("14:03", "1000"),
        worth("14:04", "950"),  # inside the band of the hard level: still a breach
        worth("14:05", "899"),
        worth("14:06", "719"),
    )
    assert states(found) == ["OK", "WARNING", "BREACH", "WARNING", "OK"]
    assert [event.as_of.minute for event in found] == [0, 1, 3, 5, 6]
    assert [event.previous_state for event in found] == [None, "OK", "WARNING", "BREACH", "WARNING"]
    assert [event.event_id for event in found] == ["L:1", "L:2", "L:3", "L:4", "L:5"]
    breach = found[2]
    assert (breach.value, breach.unit, breach.hard_level, breach.valuation_id) == (
        1000.0, "USD", 1000.0, "P:last:14:03:1"
    )  # fmt: skip
    assert [event.breach_id for event in found] == [None, None, "L:3", "L:3", None]
    assert decoder(LimitEvent).decode(encode(breach)) == breach
    assert to_message(to_row(breach)) == breach


def test_missing_input_is_unknown_never_green_and_keeps_the_breach() -> None:
    found = events_of(
        handler(limit(hysteresis=0.1)),
        worth("14:00", "1000"),
        worth("14:01", None),
        worth("14:02", "950"),
    )
    assert states(found) == ["BREACH", "UNKNOWN", "BREACH"]
    assert found[1].reason == "uncovered"
    assert "0 of 1 positions" in (found[1].message or "")
    assert {event.breach_id for event in found} == {"L:1"}


def test_stale_positions_count_as_uncovered_up_to_the_tolerance() -> None:
    fresh = make_position_value("AAA", "1", "100")
    stale = make_position_value("BBB", "1", "100", stale=True)
    both = make_valuation("P", "14:00", fresh, stale)
    assert states(events_of(handler(limit()), both)) == ["UNKNOWN"]
    assert states(events_of(handler(limit(minimum_coverage=0.5)), both)) == ["OK"]


def test_a_portfolio_left_behind_by_the_market_becomes_unknown() -> None:
    one = handler(limit(max_age_s=600.0))
    assert states(events_of(one, worth("14:00", "1"), worth("14:10", "1", "OTHER"))) == ["OK"]
    found = events_of(one, worth("14:11", "1", "OTHER"), worth("14:12", "1", "OTHER"))
    assert states(found) == ["UNKNOWN"]
    assert (found[0].reason, found[0].as_of) == ("stale", moment("14:11"))
    assert states(events_of(one, worth("14:13", "1"))) == ["OK"]


def test_a_measure_that_cannot_be_computed_is_unknown() -> None:
    var = limit("historical_var", parameters={"confidence_bp": "9900"})
    unknown = make_valuation("P", "14:00", make_position_value("NEW", "1", "100"))
    (event,) = events_of(handler(var), unknown)
    assert (event.state, event.reason) == ("UNKNOWN", "unmeasured")
    assert "no_history" in (event.message or "")


def test_a_limit_on_var_sees_the_number_of_the_report() -> None:
    var = limit("historical_var", 10.0, parameters={"confidence_bp": "9900"})
    effects = handler(var).handle([worth("14:00", "1000")], NOW)
    (row,) = [
        one
        for one in effects.reports[0].measures
        if one.measure == "historical_var" and one.parameters["confidence_bp"] == "9900"
    ]
    (event,) = effects.limit_events
    assert (event.state, event.value, event.parameters) == ("BREACH", row.value, "confidence_bp=9900")


def test_officials_and_the_past_change_nothing() -> None:
    one = handler(limit())
    assert states(events_of(one, worth("14:05", "1"))) == ["OK"]
    official = make_valuation("P", "14:06", make_position_value("AAA", "1", "5000"), basis="bar")
    assert events_of(one, official, worth("14:04", "5000")) == []


values_over_time = st.lists(st.none() | st.integers(1, 2000), min_size=1, max_size=25)


@given(values_over_time, st.integers(0, 24))
@settings(max_examples=60, deadline=None)
def test_a_restart_at_any_moment_loses_and_doubles_nothing(values: list[int | None], cut: int) -> None:
    """The state is made of its events: a process restored from them goes on as if never gone."""
    script = [
        worth(f"14:{minute:02}", None if value is None else str(value)) for minute, value in enumerate(values)
    ]
    one = limit(warning=800.0, hysteresis=0.1, escalate_after_s=120.0)
    whole = events_of(handler(one), *script)
    before = events_of(handler(one), *script[:cut])
    again = events_of(handler(one, events=before), *script[max(0, cut - 1) :])
    assert [*before, *again] == whole
    assert all(a.state != b.state or b.kind == "escalation" for a, b in pairwise(whole))
    assert [event.sequence for event in whole] == list(range(1, len(whole) + 1))


def test_an_open_breach_escalates_with_age() -> None:
    found = events_of(
        handler(limit(escalate_after_s=60.0)),
        *(worth(f"14:0{minute}", "1000") for minute in range(6)),
        worth("14:06", "1"),
    )
    assert [(one.kind, one.state, one.severity) for one in found] == [
        ("transition", "BREACH", 1),
        ("escalation", "BREACH", 2),
        ("escalation", "BREACH", 3),
        ("transition", "OK", 3),
    ]


def test_a_changed_definition_is_judged_at_once_on_the_newest_value() -> None:
    one = handler(limit())
    events_of(one, worth("14:00", "900"))
    effects = one.take_limits(LimitBooks("v2", (limit(hard=800.0),)), NOW)
    assert states(effects.limit_events) == ["BREACH"]
    assert len(effects.outputs()) == 1
    assert one.take_limits(LimitBooks("v3", (limit(hard=800.0),)), NOW).limit_events == []


def test_an_approved_raise_ends_a_breach_until_it_expires() -> None:
    raised = LimitRaise("R", 1200.0, moment("14:05"), "ann", "bob")
    one = handler(limit())
    assert states(events_of(one, worth("14:00", "1100"))) == ["BREACH"]
    unapproved = LimitBooks("v2", (limit(),), {"L": [replace(raised, approved_by=None)]})
    assert one.take_limits(unapproved, NOW).limit_events == []
    effects = one.take_limits(LimitBooks("v3", (limit(),), {"L": [raised]}), NOW)
    assert [(event.state, event.hard_level) for event in effects.limit_events] == [("OK", 1200.0)]
    assert states(events_of(one, worth("14:04", "1100"), worth("14:05", "1100"))) == ["BREACH"]


EURUSD = make_position_value("EURUSD", "1000", "1.3", average_cost=Decimal("1.2"))
MIXED: tuple[PositionValue, ...] = (
    make_position_value("AAA", "6", "100", sector="Tech", issuer="Acme"),
    make_position_value("BBB", "-3", "100", sector="Tech", issuer="Acme"),
    make_position_value("CCC", "1", "100", asset_class="etf"),
)


@pytest.mark.parametrize(
    ("scope", "value", "measure", "expected"),
    [
        ("portfolio", None, "gross", 1000),
        ("portfolio", None, "net", 400),
        ("portfolio", None, "long", 700),
        ("portfolio", None, "short", 300),
        ("portfolio", None, "leverage", 2.5),
        ("sector", "Tech", "gross", 900),
        ("sector", "Unclassified", "gross", 100),
        ("issuer", "Acme", "net", 300),
        ("issuer", "CCC", "gross", 100),
        ("asset", "BBB", "short", 300),
        ("asset_class", "etf", "share_of_gross", 10),
        ("currency", "USD", "long", 700),
        ("sector", "Tech", "concentration", 100 * 600 / 900),
        ("asset", "ZZZ", "gross", 0),
    ],
)
def test_every_scope_and_exposure(scope: str, value: str | None, measure: str, expected: float) -> None:
    one = limit(measure, scope=scope, scope_value=value)
    found = read(one, make_valuation("P", "14:00", *MIXED), None, None)
    assert found.value == pytest.approx(expected)
    assert found.unit == {"leverage": "ratio", "share_of_gross": "percent", "concentration": "percent"}.get(
        measure, "USD"
    )


@pytest.mark.parametrize(("currency", "expected"), [("EUR", 1300), ("USD", -1200)])
def test_a_currency_pair_has_two_legs(currency: str, expected: float) -> None:
    one = limit("net", scope="currency", scope_value=currency)
    assert read(one, make_valuation("P", "14:00", EURUSD), None, None).value == abs(expected)


def test_a_loss_of_the_day_needs_every_part() -> None:
    def day(total: str | None, unknown: int = 0) -> DailyPnl:
        return DailyPnl(since="2013-10-04", total=None if total is None else Decimal(total), unknown=unknown)

    whole = [(day("-50"), 50.0), (day("20"), -20.0), (day(None), None), (day("-50", 1), None), (None, None)]
    for pnl, expected in whole:
        valuation = make_valuation("P", "14:00", *MIXED, daily_pnl=pnl)
        assert read(limit("daily_loss"), valuation, None, None).value == expected
    held = make_position_value("AAA", "6", "100", daily_pnl=day("-7"))
    one = limit("daily_loss", scope="asset", scope_value="AAA")
    assert read(one, make_valuation("P", "14:00", held), None, None).value == 7


def test_part_of_a_book_is_measured_on_its_own_positions() -> None:
    one = limit("historical_var", scope="asset", scope_value="AAA", parameters={"confidence_bp": "9500"})
    alone = handler(replace(one, scope="portfolio", scope_value=None))
    together = handler(one)
    aaa, bbb = make_position_value("AAA", "10", "100"), make_position_value("BBB", "-4", "50")
    (expected,) = events_of(alone, make_valuation("P", "14:00", aaa))
    (found,) = events_of(together, make_valuation("P", "14:00", aaa, bbb))
    assert found.value == pytest.approx(expected.value)


def test_parameters_are_read_from_their_text_form() -> None:
    assert parameters_of("confidence_bp=9900,window=500") == {"confidence_bp": "9900", "window": "500"}
    assert parameters_of("") == {}


def test_market_time_does_not_need_the_clock() -> None:
    one = handler(limit(max_age_s=1.0))
    events_of(one, worth("14:00", "1"))
    later = one.handle([worth("14:00:02", "1", "OTHER")], NOW + timedelta(days=400))
    assert states(later.limit_events) == ["UNKNOWN"]


def asked(one: RiskHandler, name: str, **request: object) -> tuple[int, bytes]:
    return analysis_routes(Desk(one.state))["POST", f"/analysis/{name}"](msgspec.json.encode(request))


def test_the_state_of_a_limit_is_shown_with_its_breach_and_raise() -> None:
    deed = Deed("acknowledge", "ann", "seen", NOW)
    raised = LimitRaise("R", 1500.0, moment("15:00"), "ann", None)
    one = handler(limit(escalate_after_s=60.0), raises={"L": [raised]}, deeds={"L:1": [deed]})
    one.handle([worth("14:00", "1000")], NOW)
    one.handle([worth("14:01:30", "1250")], NOW + timedelta(seconds=5))
    found = msgspec.json.decode(asked(one, "limits", portfolio_id="P")[1], type=LimitsAnswer)
    (status,) = found.limits
    assert (status.state, status.value, status.utilisation_percent) == ("BREACH", 1250, 125)
    assert status.breach is not None
    assert (status.breach.phase, status.breach.severity) == ("acknowledged", 2)
    assert (status.breach.age_seconds, status.breach.recorded_age_seconds) == (90, 5)
    assert (status.breach.acknowledged_by, status.raises[0].approved_by) == ("ann", None)
    one.handle([worth("14:02", "1")], NOW)
    (status,) = msgspec.json.decode(asked(one, "limits", portfolio_id="P")[1], type=LimitsAnswer).limits
    assert status.breach is not None
    assert (status.state, status.breach.phase, status.breach.age_seconds) == ("OK", "cured", 120)


def test_a_limit_never_judged_has_no_state() -> None:
    (status,) = msgspec.json.decode(
        asked(handler(limit()), "limits", portfolio_id="P")[1], type=LimitsAnswer
    ).limits
    assert (status.state, status.value, status.breach) == (None, None, None)


def cured(one: RiskHandler) -> CureAnswer:
    status, body = asked(one, "cure", limit_id="L")
    assert status == 200
    return msgspec.json.decode(body, type=CureAnswer)


def test_cure_of_gross_sells_the_excess_in_whole_units() -> None:
    one = handler(limit(hard=850.0))
    one.handle([make_valuation("P", "14:00", *MIXED)], NOW)
    found = cured(one)
    assert (found.needed, found.value, found.target) == (True, 1000, 850)
    assert found.market_value is not None
    assert abs(found.market_value) == 200  # 150 and a little is 1.5 units of 100
    assert found.value_after == 800


def test_cure_of_var_is_proven_by_recomputing_the_report() -> None:
    parameters = {"confidence_bp": "9900"}
    book = (make_position_value("AAA", "100", "100"), make_position_value("BBB", "80", "100"))
    one = handler(limit("historical_var", 200.0, parameters=parameters))
    one.handle([make_valuation("P", "14:00", *book)], NOW)
    found = cured(one)
    assert found.needed
    assert found.symbol is not None
    assert found.value_after is not None
    assert found.value_after < 200
    changed = [
        make_position_value(p.symbol, str(p.quantity + (found.quantity or 0)), "100")
        if p.symbol == found.symbol
        else p
        for p in book
    ]
    (event,) = events_of(
        handler(limit("historical_var", 200.0, parameters=parameters)),
        make_valuation("P", "14:00", *changed),
    )
    assert (event.state, event.value) == ("OK", pytest.approx(found.value_after))


def test_nothing_to_cure_and_nothing_that_cures_say_so() -> None:
    calm = handler(limit(hard=5000.0))
    calm.handle([make_valuation("P", "14:00", *MIXED)], NOW)
    assert (cured(calm).needed, cured(calm).symbol, cured(calm).message) == (False, None, None)
    loss = handler(limit("daily_loss", 10.0))
    day = DailyPnl(since="2013-10-04", total=Decimal(-50))
    loss.handle([make_valuation("P", "14:00", *MIXED, daily_pnl=day)], NOW)
    assert (cured(loss).needed, cured(loss).symbol) == (True, None)
    assert "no trade" in (cured(loss).message or "")
    assert asked(handler(), "cure", limit_id="L")[0] == 404


def test_a_limit_on_the_loss_of_the_day_follows_live_values() -> None:
    one = handler(limit("daily_loss", hard=100.0))

    def after(at: str, total: str, unknown: int = 0) -> list[str]:
        day = DailyPnl(since="2013-10-04", total=Decimal(total), unknown=unknown)
        line = make_position_value("AAA", "1", "500")
        return states(events_of(one, make_valuation("P", at, line, daily_pnl=day)))

    assert after("14:00", "30") == ["OK"]
    assert after("14:01", "-130") == ["BREACH"]
    assert after("14:02", "-130", unknown=1) == ["UNKNOWN"]
