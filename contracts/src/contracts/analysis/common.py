"""What every analysis shares."""

from msgspec import Struct

from contracts.types import Basis, Timestamp


class AnalysisRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which portfolio; without a basis its live valuation, else its official one.

    `lookback` is the number of scenarios asked for, the newest ones before the market date.
    """

    portfolio_id: str
    basis: Basis | None = None
    lookback: int = 500


class Answer(Struct, frozen=True, kw_only=True):
    """The head of every answer: what it was computed from."""

    portfolio_id: str
    valuation_id: str
    basis: Basis
    as_of: Timestamp
    currency: str
    history_version: str


class Unavailable(Struct, frozen=True):
    """Why a number is missing: a reason of the closed list in quant.result, and a sentence for a person."""

    reason: str
    message: str
