"""From a whole book as asked for to the messages that make it so."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from api_gateway.schemas.books import BookIn
from api_gateway.schemas.common import FieldError
from contracts import Instrument, Portfolio, Position


@dataclass(frozen=True, slots=True)
class BookChange:
    """Positions to publish and symbols to close with a tombstone."""

    portfolio_id: str
    as_of: datetime
    recorded_at: datetime
    held: tuple[Position, ...]
    closed: tuple[str, ...]


def wrong_fields(book: BookIn, instruments: Mapping[str, Instrument]) -> list[FieldError]:
    """What a schema cannot see: unknown symbols, zero quantities, a symbol twice, another currency."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for row, line in enumerate(book.positions):
        instrument = instruments.get(line.symbol)
        at = f"body.positions.{row}"
        if instrument is None:
            errors.append(FieldError(pointer=f"{at}.symbol", detail=f"{line.symbol} is no known instrument"))
        elif line.currency != instrument.currency:
            detail = f"{line.symbol} is priced in {instrument.currency}, so its cost must be too"
            errors.append(FieldError(pointer=f"{at}.currency", detail=detail))
        if line.quantity == 0:
            errors.append(FieldError(pointer=f"{at}.quantity", detail="0 is no position: leave it out"))
        if line.symbol in seen:
            errors.append(FieldError(pointer=f"{at}.symbol", detail=f"{line.symbol} is listed twice"))
        seen.add(line.symbol)
    return errors


def change(portfolio: Portfolio, book: BookIn, present: Collection[str], recorded_at: datetime) -> BookChange:
    """The messages that replace the present book, of which the symbols are told, by the asked one."""
    as_of = start_of(book.as_of)
    held = tuple(
        Position(
            portfolio_id=portfolio.portfolio_id,
            symbol=line.symbol,
            quantity=line.quantity,
            average_cost=line.average_cost,
            currency=line.currency,
            as_of=as_of,
            recorded_at=recorded_at,
            cost_fx_rate=line.cost_fx_rate,
        )
        for line in book.positions
    )
    closed = tuple(sorted(set(present) - {position.symbol for position in held}))
    return BookChange(portfolio.portfolio_id, as_of, recorded_at, held, closed)


def start_of(moment: datetime | date) -> datetime:
    """A moment in UTC; a date means its start."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time(), tzinfo=UTC)
