"""From trades as asked for to the messages that book them, and whether a repeat asks for the same."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid5

from api_gateway.schemas.common import FieldError
from api_gateway.schemas.trades import TradeIn
from contracts import Instrument, Trade

ZERO = Decimal(0)
NAMESPACE = UUID("6d1f6c0e-5f0b-5c53-9a55-3f6a3d5c7b1e")


class KeyReused(ValueError):
    """An Idempotency-Key that stood for other trades before."""


def trade_id(portfolio_id: str, key: str, place: int) -> str:
    """The id of the trade at this place of a request: the same for every repeat of it."""
    return str(uuid5(NAMESPACE, f"{portfolio_id}/{key}/{place}"))


def wrong_fields(asked: Sequence[TradeIn], instruments: Mapping[str, Instrument]) -> list[FieldError]:
    """What a schema cannot see: unknown symbols, zero quantities, another currency."""
    errors: list[FieldError] = []
    for row, trade in enumerate(asked):
        instrument = instruments.get(trade.symbol)
        at = f"body.{row}" if len(asked) > 1 else "body"
        if instrument is None:
            errors.append(FieldError(pointer=f"{at}.symbol", detail=f"{trade.symbol} is no known instrument"))
        elif trade.currency != instrument.currency:
            detail = f"{trade.symbol} is priced in {instrument.currency}, so it is traded in that"
            errors.append(FieldError(pointer=f"{at}.currency", detail=detail))
        if trade.quantity == 0:
            errors.append(FieldError(pointer=f"{at}.quantity", detail="0 is no trade: leave it out"))
    return errors


def to_trades(
    portfolio_id: str, key: str, asked: Sequence[TradeIn], recorded_at: datetime
) -> tuple[Trade, ...]:
    """The messages that book these trades."""
    return tuple(
        Trade(
            trade_id=trade_id(portfolio_id, key, place),
            portfolio_id=portfolio_id,
            symbol=one.symbol,
            quantity=one.quantity,
            price=one.price,
            currency=one.currency,
            executed_at=one.executed_at.astimezone(UTC),
            seq=place if one.seq is None else one.seq,
            recorded_at=recorded_at,
            fee=one.fee or ZERO,
        )
        for place, one in enumerate(asked)
    )


def booked_before(wanted: Sequence[Trade], known: Mapping[str, Trade], beyond: str) -> tuple[Trade, ...]:
    """The known trades of a repeated request; empty when it is new or was booked in part only.

    `known` are trades by id, `beyond` is the id that the place after the last one would have.
    Raises KeyReused when the key stood for other trades.
    """
    if beyond in known:
        raise KeyReused(f"the key was used for more than {len(wanted)} trades")
    for place, one in enumerate(wanted):
        was = known.get(one.trade_id)
        if was is not None and _content(was) != _content(one):
            raise KeyReused(f"the key was used for another trade at place {place}")
    if all(one.trade_id in known for one in wanted):
        return tuple(known[one.trade_id] for one in wanted)
    return ()


def _content(trade: Trade) -> tuple[object, ...]:
    names = (name for name in Trade.__struct_fields__ if name not in ("recorded_at", "fee"))
    return (*(getattr(trade, name) for name in names), trade.fee or ZERO)
