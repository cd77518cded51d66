"""VaR by any method and its split, as the HTTP routes of risk answer them."""

from datetime import date

import msgspec
import numpy as np
import pytest

from contracts.analysis.var import ComponentsAnswer, VarAnswer
from measuring.core.history import DailyHistory, FactorCache
from quant import METHODS, DatedSeries, historical_var
from risk.adapters.analysis_routes import analysis_routes
from risk.core.desk import Desk
from risk.core.state import RiskState
from testkit.builders import make_position_value, make_valuation

DAYS = np.arange("2008-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def prices(seed: int) -> np.ndarray:
    return 100 * np.exp(np.random.default_rng(seed).normal(0, 0.01, len(DAYS)).cumsum())


@pytest.fixture
def state() -> RiskState:
    series = {name: DatedSeries(DAYS, prices(seed), "USD") for seed, name in enumerate(("AAA", "BBB", "CCC"))}
    found = RiskState(DailyHistory("v1", prices=series), "USD")
    found.remember(
        make_valuation(
            "P",
            "14:30",
            make_position_value("AAA", "10", "100", sector="Energy"),
            make_position_value("BBB", "-5", "100", sector="Energy"),
            make_position_value("CCC", "7", "100"),
        )
    )
    found.remember(make_valuation("UNPRICED", "14:30", make_position_value("NEW", "10", "100")))
    return found


def ask(state: RiskState, name: str, **request: object) -> tuple[int, bytes]:
    return analysis_routes(Desk(state))["POST", f"/analysis/{name}"](msgspec.json.encode(request))


def var(state: RiskState, **request: object) -> VarAnswer:
    status, body = ask(state, "var", portfolio_id="P", **request)
    assert status == 200, body
    return msgspec.json.decode(body, type=VarAnswer)


def split(state: RiskState, **request: object) -> ComponentsAnswer:
    status, body = ask(state, "components", portfolio_id="P", **request)
    assert status == 200, body
    return msgspec.json.decode(body, type=ComponentsAnswer)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_with_its_evidence(state: RiskState, method: str) -> None:
    lookback = 252 if method == "stressed" else 400
    found = var(state, confidence_bp=9730, method=method, lookback=lookback)
    assert found.unavailable is None
    assert found.var is not None
    assert found.var > 0
    assert found.scenarios == lookback
    assert (found.valuation_id, found.history_version) == ("P:last:14:30:1", "v1")
    assert found.window_start is not None
    assert str(found.window_end) <= "2013-10-04"
    assert found.estimator
    assert "price_carried_percent" in found.details


def test_default_is_the_kth_worst_day(state: RiskState) -> None:
    found = var(state, confidence_bp=9900)
    known = np.datetime64("2013-10-07") > DAYS
    closes = np.column_stack([prices(seed)[known][-501:] for seed in range(3)])
    pnl = (closes[1:] / closes[:-1] - 1) @ np.array([1000.0, -500.0, 700.0])
    own = historical_var(pnl, DAYS[known][-500:], 9900)
    assert found.var == pytest.approx(own.value)
    assert (found.k, found.estimator, found.horizon_rule) == (5, "kth_worst", "one_day")
    assert [str(day) for day in found.named[0].dates] == [str(own.scenario_date)]
    assert found.interval is not None
    assert found.interval.coverage >= 0.95
    assert found.es is not None
    assert found.es > found.var


@pytest.mark.parametrize("measure", ["var", "es"])
@pytest.mark.parametrize("by", ["position", "sector", "currency", "asset_class"])
def test_components_sum_to_the_total_to_the_last_digit(state: RiskState, measure: str, by: str) -> None:
    found = split(state, confidence_bp=9900, measure=measure, by=by)
    assert found.total is not None
    assert sum(one.component for one in found.components) == found.total
    assert sum(one.positions for one in found.components) == 3
    assert sum(one.percent or 0 for one in found.components) == pytest.approx(100)
    whole = var(state, confidence_bp=9900)
    assert float(found.total) == pytest.approx(whole.var if measure == "var" else whole.es)


def test_groups_are_the_sums_of_their_positions(state: RiskState) -> None:
    lines = {one.name: one for one in split(state).components}
    groups = {one.name: one for one in split(state, by="sector").components}
    assert sorted(groups) == ["Energy", "Unclassified"]
    both = lines["AAA"].component + lines["BBB"].component
    assert float(groups["Energy"].component) == pytest.approx(float(both), abs=1e-7)
    assert groups["Energy"].market_value == lines["AAA"].market_value + lines["BBB"].market_value


def test_incremental_is_the_book_without_the_position(state: RiskState) -> None:
    lines = {one.name: one for one in split(state, measure="var", confidence_bp=9900).components}
    state.remember(
        make_valuation(
            "REST", "14:30", make_position_value("BBB", "-5", "100"), make_position_value("CCC", "7", "100")
        )
    )
    _, body = ask(state, "var", portfolio_id="REST", confidence_bp=9900)
    rest = msgspec.json.decode(body, type=VarAnswer).var
    whole = var(state, confidence_bp=9900).var
    assert rest is not None
    assert whole is not None
    assert float(lines["AAA"].incremental or 0) == pytest.approx(whole - rest, abs=1e-7)


def test_cornish_fisher_has_no_shortfall_and_says_why(state: RiskState) -> None:
    found = var(state, method="cornish_fisher")
    assert found.es is None
    assert found.es_unavailable is not None
    assert split(state, method="cornish_fisher", measure="es").unavailable is not None
    assert split(state, method="cornish_fisher", measure="var").total is not None


def test_too_few_scenarios_and_no_history_have_a_reason(state: RiskState) -> None:
    found = var(state, confidence_bp=9900, lookback=99)
    assert (found.var, found.unavailable and found.unavailable.reason) == (None, "too_few_scenarios")
    _, body = ask(state, "components", portfolio_id="UNPRICED")
    assert msgspec.json.decode(body, type=ComponentsAnswer).unavailable.reason == "no_history"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"method": "monte_carlo"}, "there are historical, age_weighted"),
        ({"estimator": "median"}, "there are kth_worst"),
        ({"shortfall_rule": "mean"}, "there are acerbi_tasche"),
        ({"method": "parametric", "estimator": "ore"}, "offered for historical"),
        ({"confidence_bp": 400}, "from 5000 to 9999"),
        ({"horizon_days": 0}, "from 1 to 250"),
        ({"lookback": 0}, "at least 1"),
    ],
)
def test_what_is_not_offered_says_what_is(state: RiskState, request_: dict[str, object], words: str) -> None:
    for name in ("var", "components"):
        status, body = ask(state, name, portfolio_id="P", **request_)
        assert status == 422
        assert words in msgspec.json.decode(body)["detail"]


def test_any_number_of_look_backs_keeps_a_bounded_cache(state: RiskState) -> None:
    factors = FactorCache(state.history, "USD")
    day = date(2013, 10, 7)
    matrices = [factors.factors(day, "USD", only_fx=False, rows=rows) for rows in range(10, 60)]
    assert factors.factors(day, "USD", only_fx=False, rows=59) is matrices[-1]
    assert factors.factors(day, "USD", only_fx=False, rows=10) is not matrices[0]
