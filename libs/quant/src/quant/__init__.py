"""Financial mathematics of Tapeline, pure: no Kafka, SQL, clock, environment or logging."""

from quant.exposure import Concentration, Exposure, concentration, exposure, exposure_by
from quant.fx import CrossRate, convert, cross_rate, currencies, rates_into, split_pair, triangulation_gap
from quant.money import round_money, sum_money
from quant.positions import PositionMark, mark_position
from quant.result import Missing, Reason, Result

__all__ = [
    "Concentration",
    "CrossRate",
    "Exposure",
    "Missing",
    "PositionMark",
    "Reason",
    "Result",
    "concentration",
    "convert",
    "cross_rate",
    "currencies",
    "exposure",
    "exposure_by",
    "mark_position",
    "rates_into",
    "round_money",
    "split_pair",
    "sum_money",
    "triangulation_gap",
]
