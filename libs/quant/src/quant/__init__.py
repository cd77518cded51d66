"""Financial mathematics of Tapeline, pure: no Kafka, SQL, clock, environment or logging."""

from quant.drawdown import Drawdown, drawdowns, max_drawdown
from quant.exposure import UNCLASSIFIED, Concentration, Exposure, concentration, exposure, exposure_by
from quant.fx import (
    CrossRate,
    QuoteLeg,
    convert,
    cross_rate,
    currencies,
    quote_path,
    rates_into,
    split_pair,
    triangulation_gap,
)
from quant.measures import CONFIDENCES_BP, MEASURES, SCENARIO_COUNT, Book, Measure, Outcome
from quant.money import round_money, sum_money
from quant.positions import PositionMark, mark_position
from quant.result import Missing, Reason, Result
from quant.returns import CorporateAction, adjusted_closes, log_returns, simple_returns
from quant.scenarios import (
    BookScenarios,
    DatedSeries,
    FactorMatrix,
    Holding,
    book_scenarios,
    carry,
    factor_matrix,
    fx_levels,
    scenario_grid,
    weekdays,
)
from quant.var import (
    ExpectedShortfall,
    HistoricalVar,
    expected_shortfall,
    historical_var,
    minimum_scenarios,
    tail_rank,
    to_basis_points,
)
from quant.volatility import latest_volatility, rolling_volatility

__all__ = [
    "CONFIDENCES_BP",
    "MEASURES",
    "SCENARIO_COUNT",
    "UNCLASSIFIED",
    "Book",
    "BookScenarios",
    "Concentration",
    "CorporateAction",
    "CrossRate",
    "DatedSeries",
    "Drawdown",
    "ExpectedShortfall",
    "Exposure",
    "FactorMatrix",
    "HistoricalVar",
    "Holding",
    "Measure",
    "Missing",
    "Outcome",
    "PositionMark",
    "QuoteLeg",
    "Reason",
    "Result",
    "adjusted_closes",
    "book_scenarios",
    "carry",
    "concentration",
    "convert",
    "cross_rate",
    "currencies",
    "drawdowns",
    "expected_shortfall",
    "exposure",
    "exposure_by",
    "factor_matrix",
    "fx_levels",
    "historical_var",
    "latest_volatility",
    "log_returns",
    "mark_position",
    "max_drawdown",
    "minimum_scenarios",
    "quote_path",
    "rates_into",
    "rolling_volatility",
    "round_money",
    "scenario_grid",
    "simple_returns",
    "split_pair",
    "sum_money",
    "tail_rank",
    "to_basis_points",
    "triangulation_gap",
    "weekdays",
]
