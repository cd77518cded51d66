"""VaR of a book by every method: splits that add up, recomputation, horizons, options, missing data."""

from itertools import product
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quant import (
    ESTIMATORS,
    METHODS,
    RANKED,
    BookVar,
    DatedSeries,
    FactorMatrix,
    Holding,
    Missing,
    VarMethod,
    VarQuestion,
    book_scenarios,
    book_var,
    contributions,
    exact_parts,
    factor_matrix,
    historical_var,
    incremental,
    parametric_var,
    rows_needed,
    sample_covariance,
    unsupported,
)

DAYS = np.arange("2008-01-01", "2014-01-01", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
NAMES = ("AAA", "BBB", "CCC", "DDD")


def history(rows: int = 600) -> FactorMatrix:
    random = np.random.default_rng(11)
    common = random.standard_t(4, len(DAYS)) * 0.006
    prices = {
        name: DatedSeries(
            DAYS, 100 * np.exp((common + random.normal(0, 0.006, len(DAYS))).cumsum()), currency
        )
        for name, currency in zip(NAMES, ("USD", "USD", "EUR", "USD"), strict=True)
    }
    euro = DatedSeries(DAYS, 1.3 * np.exp(random.normal(0, 0.004, len(DAYS)).cumsum()))
    return factor_matrix(prices, {"EURUSD": euro}, "USD", DAYS[-rows:])


FACTORS, LONG = history(), history(1500)
BOOK = (
    Holding("AAA", "USD", 1_000_000.0, 100.0),
    Holding("BBB", "USD", 500_000.0, 50.0),
    Holding("CCC", "EUR", 250_000.0, 25.0),
    Holding("DDD", "USD", -400_000.0, -40.0),
)
VALUES = np.array([held.market_value for held in BOOK])


def ask(
    question: VarQuestion, holdings: tuple[Holding, ...] = BOOK, factors: FactorMatrix | None = None
) -> BookVar:
    matrix = factors or (LONG if question.method == "stressed" else FACTORS)
    found = book_var(matrix, holdings, question)
    assert isinstance(found, BookVar), found
    return found


@pytest.mark.parametrize(("method", "days"), list(product(METHODS, (1, 10))))
def test_components_add_up_to_the_total(method: VarMethod, days: int) -> None:
    found = ask(VarQuestion(9730, days, method)).estimate
    assert found.components.sum() == pytest.approx(found.var, rel=1e-10)
    split = contributions(found.var, found.components, VALUES)
    assert sum(part or 0.0 for part in split.percent) == pytest.approx(100.0)
    assert [one or 0.0 for one in split.marginal] == pytest.approx(found.components / VALUES)
    if found.shortfall_components is not None:
        assert not isinstance(found.shortfall, Missing)
        assert found.shortfall_components.sum() == pytest.approx(found.shortfall, rel=1e-10)
        assert found.shortfall >= found.var


@pytest.mark.parametrize(("method", "estimator"), list(product(sorted(RANKED), ESTIMATORS)))
def test_components_add_up_with_every_estimator(method: VarMethod, estimator: str) -> None:
    found = ask(VarQuestion(9900, 1, method, estimator)).estimate  # type: ignore[arg-type]
    assert found.components.sum() == pytest.approx(found.var, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_a_book_twice_as_large_risks_twice_as_much(method: VarMethod) -> None:
    double = tuple(Holding(h.symbol, h.currency, 2 * h.market_value, 2 * h.units) for h in BOOK)
    question = VarQuestion(9900, 1, method)
    assert ask(question, double).estimate.var == pytest.approx(2 * ask(question).estimate.var, rel=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_book_risks_nothing(method: VarMethod) -> None:
    found = ask(VarQuestion(9900, 1, method), ()).estimate
    assert str(found.var) == "0.0"
    assert found.components.shape == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_incremental_is_the_book_measured_without_the_position(method: VarMethod) -> None:
    question = VarQuestion(9900, 1, method)
    found = ask(question)

    def value(position_pnl: np.ndarray) -> float | Missing:
        one = found.measure(position_pnl)
        return one if isinstance(one, Missing) else one.var

    (rest,) = (incremental(value, found.sample.scenarios.position_pnl, [[1]]),)
    assert not isinstance(rest, Missing)
    if method != "stressed":  # there the window stays that of the whole book
        without = ask(question, (BOOK[0], *BOOK[2:])).estimate.var
        assert rest[0] == pytest.approx(found.estimate.var - without, rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
@settings(max_examples=30)
def test_groups_add_up_to_the_book(values: list[float]) -> None:
    book = tuple(Holding(n, h.currency, v, 1.0) for n, h, v in zip(NAMES, BOOK, values, strict=True))
    found = ask(VarQuestion(9500), book).estimate
    first, second = found.components[:2].sum(), found.components[2:].sum()
    assert first + second == pytest.approx(found.var, abs=1e-9 * (1 + np.abs(values).max()))


def test_one_position_is_its_own_component() -> None:
    found = ask(VarQuestion(9900), BOOK[:1]).estimate
    assert found.components.tolist() == [found.var]


def test_plain_method_is_the_hot_path() -> None:
    scenarios = book_scenarios(FACTORS, BOOK)
    assert not isinstance(scenarios, Missing)
    plain = historical_var(scenarios.pnl, scenarios.dates, 9900)
    assert not isinstance(plain, Missing)
    found = ask(VarQuestion(9900))
    assert (found.estimate.var, found.estimate.rank) == (plain.value, plain.rank)
    (named,) = found.named
    assert (named.dates, named.weight, named.loss) == ((plain.scenario_date,), 1.0, plain.value)
    assert found.interval is not None
    assert found.interval.lower is not None
    assert found.interval.lower <= plain.value


def test_parametric_is_the_textbook_formula() -> None:
    covariance = sample_covariance(FACTORS.returns)
    assert not isinstance(covariance, Missing)
    textbook = parametric_var(VALUES, covariance, 9900)
    assert not isinstance(textbook, Missing)
    found = ask(VarQuestion(9900, 1, "parametric")).estimate
    assert found.var == pytest.approx(textbook.value, rel=1e-10)
    assert textbook.marginal is not None
    assert found.components / VALUES == pytest.approx(textbook.marginal, rel=1e-8)


def test_square_root_of_time_is_named_and_scales_everything() -> None:
    one, ten = ask(VarQuestion(9900)), ask(VarQuestion(9900, 10))
    assert (one.sample.horizon_rule, ten.sample.horizon_rule) == ("one_day", "sqrt_time")
    assert ten.estimate.var == pytest.approx(sqrt(10) * one.estimate.var)
    assert one.interval is not None
    assert ten.interval is not None
    assert ten.interval.lower == pytest.approx(sqrt(10) * (one.interval.lower or 0.0))
    assert any("square root" in warning for warning in ten.warnings)


def test_overlapping_days_are_revalued_and_count_less() -> None:
    found = ask(VarQuestion(9900, 10, "overlapping"))
    levels = FACTORS.levels
    returns = levels[10:] / levels[:-10] - 1
    assert found.sample.scenarios.pnl == pytest.approx(returns @ VALUES, rel=1e-8)
    assert found.sample.scenarios.dates.tolist() == FACTORS.dates[10:].tolist()
    assert found.effective_scenarios == pytest.approx(len(returns) / 10)
    assert found.interval is None
    assert ask(VarQuestion(9900, 1, "overlapping")).estimate.var == pytest.approx(
        ask(VarQuestion(9900)).estimate.var
    )


def test_filtered_days_name_their_path() -> None:
    found = ask(VarQuestion(9900, 5, "filtered"))
    assert found.sample.horizon_rule == "filtered_paths"
    assert [len(named.dates) for named in found.named] == [5]
    one_day = ask(VarQuestion(9900, 1, "filtered")).estimate.var
    assert one_day == ask(VarQuestion(9900, 1, "volatility_scaled")).estimate.var


def test_stressed_names_its_year() -> None:
    found = ask(VarQuestion(9900, 1, "stressed"))
    assert len(found.sample.scenarios.dates) == 252
    assert found.estimate.var >= ask(VarQuestion(9900)).estimate.var
    assert any("windows of 252" in warning for warning in found.warnings)
    assert any("earlier stress" in warning for warning in found.warnings)


def test_age_weights_report_how_few_scenarios_count() -> None:
    found = ask(VarQuestion(9900, 1, "age_weighted"))
    assert found.effective_scenarios == pytest.approx(99, abs=1)  # (1 + 0.98) / (1 - 0.98)
    assert found.interval is None


def test_rows_make_the_scenarios_asked_for() -> None:
    for method in ("historical", "volatility_scaled", "overlapping", "parametric_ewma"):
        question = VarQuestion(9500, 5, method)  # type: ignore[arg-type]
        matrix = history(rows_needed(question, 300))
        assert len(ask(question, factors=matrix).sample.scenarios.dates) == 300


def test_too_little_history_has_a_reason() -> None:
    short = history(60)
    for method in METHODS:
        found = book_var(short, BOOK, VarQuestion(9900, 1, method))
        if method in ("parametric", "parametric_ewma", "cornish_fisher"):
            assert isinstance(found, BookVar)
        else:
            assert isinstance(found, Missing)
            assert found.reason == "too_few_scenarios"


def test_what_is_not_offered_says_what_is() -> None:
    question = VarQuestion(9900, 1, "parametric", "harrell_davis")
    assert "offered for historical, volatility_scaled" in str(unsupported(question))
    with pytest.raises(ValueError, match="no choice of estimator"):
        book_var(FACTORS, BOOK, question)
    assert unsupported(VarQuestion(method="monte_carlo")) is not None  # type: ignore[arg-type]
    assert unsupported(VarQuestion(estimator="harrell_davis", shortfall_rule="ore")) is None


def test_money_parts_add_up_to_the_last_digit() -> None:
    total, parts = exact_parts(1.0, [1 / 3, 1 / 3, 1 / 3])
    assert sum(parts) == total
    assert str(parts[0]) == "0.33333334"  # the first of the largest takes what rounding left
    with pytest.raises(ValueError, match="more than rounding"):
        exact_parts(1.0, [0.5, 0.4])
