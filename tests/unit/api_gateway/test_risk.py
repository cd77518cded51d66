"""From a risk report to answers."""

import pytest

from api_gateway.core import risk
from testkit.builders import make_risk_report, make_var


def test_var_is_money_with_its_scenario() -> None:
    var = risk.var(make_risk_report("P", "14:00", make_var(9500, 0.1 + 0.2)), 9500, 1, "historical")
    assert var is not None
    assert var.var is not None
    assert str(var.var.amount) == "0.3"  # a double, rounded once to 8 places
    assert (var.confidence, var.k, var.scenarios, var.scenario_date) == (0.95, 25, 500, "2012-11-07")
    assert (var.estimator, var.window_start, var.window_end) == ("kth_worst", "2011-10-07", "2013-10-04")


def test_missing_var_keeps_its_reason() -> None:
    report = make_risk_report("P", "14:00", make_var(9500, None, reason="too_few_scenarios", details={}))
    var = risk.var(report, 9500, 1, "historical")
    assert var is not None
    assert (var.var, var.reason, var.k) == (None, "too_few_scenarios", None)


@pytest.mark.parametrize("asked", [(9750, 1, "historical"), (9500, 10, "historical"), (9500, 1, "normal")])
def test_var_that_was_not_computed_is_none(asked: tuple[int, int, str]) -> None:
    report = make_risk_report("P", "14:00", make_var(9500, 1.0))
    assert risk.var(report, *asked) is None


def test_measures_are_named_and_ratios_are_no_money() -> None:
    ratio = make_var(0, 0.21, unit="ratio", measure="volatility_20d", parameters={"window": "20"})
    answer = risk.risk(make_risk_report("P", "14:00", make_var(9500, 5.0), make_var(9900, 9.0), ratio))
    assert list(answer.measures) == ["historical_var", "volatility_20d"]
    var = answer.measures["historical_var"]
    assert var.value == 5.0
    assert [one.value for one in var.variants] == [5.0, 9.0]
    assert var.amount is not None
    assert answer.measures["volatility_20d"].amount is None
