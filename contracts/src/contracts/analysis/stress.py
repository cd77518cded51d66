"""What today's book would lose: under shocks of one's own, in named periods of the past, and the way back."""

from datetime import date
from typing import Literal

from msgspec import Struct

from contracts.analysis.common import AnalysisRequest, Answer, Unavailable


class ShockIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One shift of prices, or of currencies against the base currency, of what the selector matches."""

    selector: Literal["all", "symbol", "asset_class", "sector", "currency"] = "all"
    value: str = ""
    size: float
    kind: Literal["relative", "absolute", "log"] = "relative"
    factor: Literal["price", "fx"] = "price"


class StressRequest(AnalysisRequest, frozen=True, kw_only=True):
    """Without shocks every named period; with a loss also the moves that bring it.

    `lookback` is the history that covariances come from; periods use all of it.
    """

    shocks: tuple[ShockIn, ...] = ()
    loss: float | None = None


class StressLine(Struct, frozen=True, kw_only=True, gc=False):
    """What one position contributes; moves are fractions of the levels now, a gain is positive."""

    symbol: str
    price_move: float
    fx_move: float
    pnl: float


class StressOutcome(Struct, frozen=True, kw_only=True):
    """The profit or loss of one stress in base currency, or why there is none."""

    name: str
    description: str
    kind: Literal["hypothetical", "historical"]
    first: date | None = None
    last: date | None = None
    pnl: float | None = None
    percent: float | None = None
    """of gross exposure"""
    lines: tuple[StressLine, ...] = ()
    not_shocked: tuple[str, ...] = ()
    """positions without history in the period; they keep their value"""
    proxies: tuple[str, ...] = ()
    """whose moves come from a proxy: symbol=beta*index(dates filled)"""
    warnings: tuple[str, ...] = ()
    unavailable: Unavailable | None = None


class ReverseStress(Struct, frozen=True, kw_only=True):
    """A move of prices (in base currency) that loses the amount asked for."""

    method: Literal["uniform", "most_likely"]
    loss: float
    move: float | None = None
    """of all prices, when uniform"""
    distance: float | None = None
    """Mahalanobis distance of the most likely move, in standard deviations"""
    lines: tuple[StressLine, ...] = ()
    window_start: date | None = None
    window_end: date | None = None
    unavailable: Unavailable | None = None


class StressAnswer(Answer, frozen=True, kw_only=True):
    """Stresses in the order of the periods; unpriced positions are left out and named."""

    stresses: tuple[StressOutcome, ...]
    reverse: tuple[ReverseStress, ...] = ()
    unpriced: tuple[str, ...] = ()
