"""The states of a limit, the life of a breach, what a limit would have done, and the smallest cure."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant.limit_backtest import backtest_limit
from quant.limit_cure import smallest_trade
from quant.limit_lifecycle import LimitRaise, action_refusal, breach_phase, raise_refusal, raised_level
from quant.limits import LimitLevels, check_limit, limit_measure, limit_severity, limit_standing

START = datetime(2013, 10, 7, 14, tzinfo=UTC)
VALUES = st.lists(st.none() | st.floats(0, 200), min_size=1, max_size=60)
LEVELS = st.builds(
    LimitLevels, hard=st.just(100.0), warning=st.none() | st.floats(50, 99), hysteresis=st.floats(0, 0.3)
)


def run(levels: LimitLevels, values: list[float | None]):
    standing, found = None, []
    for value in values:
        standing = limit_standing(levels, standing, value)
        found.append(standing)
    return found


@given(LEVELS, VALUES)
def test_a_breach_ends_only_below_its_re_arming_level(
    levels: LimitLevels, values: list[float | None]
) -> None:
    standings = run(levels, values)
    for before, now, value in zip(standings, standings[1:], values[1:], strict=False):
        if before.armed == "BREACH" and now.armed != "BREACH":
            assert value is not None
            assert value < levels.hard * (1 - levels.hysteresis)
        if before.armed == "WARNING" and now.armed == "OK":
            assert levels.warning is not None
            assert value is not None
            assert value < levels.warning * (1 - levels.hysteresis)


@given(LEVELS, VALUES)
def test_at_or_above_the_hard_level_is_always_a_breach_and_missing_is_never_green(
    levels: LimitLevels, values: list[float | None]
) -> None:
    for value, standing in zip(values, run(levels, values), strict=True):
        if value is None:
            assert standing.state == "UNKNOWN"
        else:
            assert standing.state == standing.armed
            assert (standing.state == "BREACH") or value < levels.hard


@given(LEVELS, VALUES, st.integers(0, 59))
def test_an_unknown_in_between_changes_nothing_after_it(
    levels: LimitLevels, values: list[float | None], at: int
) -> None:
    at = min(at, len(values))
    assert run(levels, [*values[:at], None, *values[at:]])[-1].armed == run(levels, values)[-1].armed


@given(LEVELS, st.floats(70.001, 99.999))
def test_values_inside_the_band_never_flap(levels: LimitLevels, inside: float) -> None:
    """After a breach, a value that stays between re-arming and hard level causes no change at all."""
    wide = LimitLevels(levels.hard, None, 0.3)
    assert {one.state for one in run(wide, [100.0, inside, 100.0, inside])} == {"BREACH"}


def test_nan_is_unknown() -> None:
    assert limit_standing(LimitLevels(1.0), None, float("nan")).state == "UNKNOWN"


@pytest.mark.parametrize(
    "wrong",
    [{"hard": 0.0}, {"hard": 1.0, "warning": 1.0}, {"hard": 1.0, "hysteresis": 1.0}, {"hard": float("nan")}],
)
def test_levels_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"level|hysteresis"):
        LimitLevels(**wrong)


def test_severity_rises_with_age() -> None:
    assert [limit_severity(age, 60.0) for age in (0, 59, 60, 119, 120, 10_000)] == [1, 1, 2, 2, 3, 3]
    assert limit_severity(10_000, None) == 1


def test_a_limit_names_exactly_one_measure() -> None:
    row = limit_measure("historical_var", {"confidence_bp": "9900"})
    assert row is not None
    assert row.parameters["confidence_bp"] == "9900"
    assert limit_measure("gross", {}) is None
    for measure, parameters, words in (
        ("historical_var", {}, "fit 3 rows"),
        ("historical_var", {"confidence_bp": "9901"}, "fit no row"),
        ("gross", {"window": "1"}, "no parameters"),
        ("sharpe", {}, "cannot be limited"),
        ("nonsense", {}, "cannot be limited"),
    ):
        with pytest.raises(ValueError, match=words):
            limit_measure(measure, parameters)


@pytest.mark.parametrize(
    ("scope", "value", "measure"),
    [
        ("portfolio", "X", "gross"),
        ("sector", None, "gross"),
        ("desk", "X", "gross"),
        ("asset", "X", "leverage"),
    ],
)
def test_scopes_that_make_no_sense_are_refused(scope: str, value: str | None, measure: str) -> None:
    with pytest.raises(ValueError, match=r"scope|leverage"):
        check_limit(measure, {}, scope, value)


def test_a_breach_goes_through_its_phases_in_order() -> None:
    assert breach_phase((), cured=False) == "opened"
    assert breach_phase(("acknowledge",), cured=False) == "acknowledged"
    assert breach_phase(("acknowledge", "explain"), cured=False) == "explained"
    assert breach_phase(("acknowledge",), cured=True) == "cured"
    assert breach_phase(("acknowledge", "explain", "close"), cured=True) == "closed"
    assert action_refusal("acknowledge", (), cured=False) is None
    assert "acknowledge" in (action_refusal("explain", (), cured=False) or "")
    assert "already" in (action_refusal("acknowledge", ("acknowledge",), cured=False) or "")
    assert "above the level" in (action_refusal("close", ("acknowledge", "explain"), cured=False) or "")
    assert action_refusal("close", ("acknowledge", "explain"), cured=True) is None


def test_a_raise_needs_a_second_person_and_expires_by_itself() -> None:
    assert "above" in (raise_refusal(100, 100, "ann", None) or "")
    assert "second person" in (raise_refusal(120, 100, " Ann", "ann") or "")
    assert raise_refusal(120, 100, "bob", "ann") is None
    expires = START + timedelta(hours=1)
    asked, granted = (
        LimitRaise("r", 120.0, expires, "ann", None),
        LimitRaise("r", 120.0, expires, "ann", "bob"),
    )
    assert raised_level(100.0, [asked], START) == 100
    assert raised_level(100.0, [granted], START) == 120
    assert raised_level(100.0, [granted], expires) == 100


def test_a_backtest_counts_and_times_episodes() -> None:
    values = [50.0, 101.0, 50.0, None, 120.0, 110.0, 50.0, 100.0]
    times = [START + timedelta(minutes=number) for number in range(len(values))]
    found = backtest_limit(LimitLevels(100.0, 90.0), times, values, false_alarm_s=60)
    assert [one.state for one in found.episodes] == [
        "OK", "BREACH", "OK", "UNKNOWN", "BREACH", "OK", "BREACH"
    ]  # fmt: skip
    assert (found.breach.count, found.breach.seconds, found.breach.longest_seconds) == (3, 180, 120)
    assert found.breach.false_alarms == 1  # the last one is still open
    assert (found.unknown.count, found.warning.count) == (1, 0)
    assert found.episodes[4].worst == 120


@given(LEVELS, VALUES)
def test_a_backtest_covers_all_time_once(levels: LimitLevels, values: list[float | None]) -> None:
    times = [START + timedelta(seconds=number) for number in range(len(values))]
    found = backtest_limit(levels, times, values, 0)
    assert sum(one.seconds for one in found.episodes) == len(values) - 1
    assert all(a.end == b.start for a, b in zip(found.episodes, found.episodes[1:], strict=False))
    assert all(a.state != b.state for a, b in zip(found.episodes, found.episodes[1:], strict=False))


def test_a_backtest_refuses_moments_that_do_not_rise() -> None:
    with pytest.raises(ValueError, match="rise"):
        backtest_limit(LimitLevels(1.0), [START, START], [1.0, 1.0], 0)


BOOK = {"A": 60.0, "B": -30.0, "C": 10.0}


def gross(symbol: str, change: float) -> float:
    return sum(abs(value + (change if name == symbol else 0)) for name, value in BOOK.items())


def largest_share(symbol: str, change: float) -> float:
    return max(abs(v + (change if n == symbol else 0)) for n, v in BOOK.items()) / gross(symbol, change) * 100


def test_cure_of_gross_is_the_excess() -> None:
    found = smallest_trade(BOOK, gross, 80.0, 200.0)
    assert found is not None
    assert abs(found.change) == pytest.approx(20, rel=1e-9)  # closed form: gross - level
    assert found.value < 80


@pytest.mark.parametrize("percent", [45.0, 55.0])
def test_cure_of_concentration_is_the_closed_form(percent: float) -> None:
    found = smallest_trade(BOOK, largest_share, percent, 100.0)
    share = percent / 100
    selling = (60 - share * 100) / (1 - share)
    buying = 60 / share - 100
    assert found is not None
    assert abs(found.change) == pytest.approx(min(selling, buying), rel=1e-9)
    assert found.value < percent


def test_cure_of_var_is_no_larger_than_any_trade_of_a_fine_grid() -> None:
    returns = np.random.default_rng(8).normal(0, [0.02, 0.01, 0.015], (500, 3))
    values = np.array(list(BOOK.values()))

    def var(symbol: str, change: float) -> float:
        moved = values + np.array([change if name == symbol else 0 for name in BOOK])
        return -float(np.sort(returns @ moved)[4])

    target = var("A", 0.0) * 0.7
    found = smallest_trade(BOOK, var, target, 120.0)
    assert found is not None
    assert var(found.symbol, found.change) == found.value < target
    grid = np.linspace(-120, 120, 2001)
    curing = [abs(size) for name in BOOK for size in grid if var(name, size) < target]
    assert abs(found.change) <= min(curing) + 1e-9


def test_what_no_single_name_can_cure_has_no_cure() -> None:
    assert smallest_trade(BOOK, lambda _symbol, _change: None, 1.0, 100.0) is None
    assert smallest_trade(BOOK, lambda _symbol, _change: 5.0, 1.0, 100.0) is None
