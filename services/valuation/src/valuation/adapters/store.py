"""The durable state of valuation in PostgreSQL: what is loaded at the start and what is written on the way.

Writes run one after another in a thread of their own, so that the market does not wait for the disk.
"""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from contracts import FxRate, Instrument, Portfolio, Position, Valuation
from endofday.adapters.inputs import read_opening
from endofday.core.day import Day
from store import tables
from store.bulk import insert_rows
from store.database import WRITER, Connection, Database
from store.fence import OffsetFence
from valuation.adapters import rows
from valuation.core.bars import Close
from valuation.core.daily import Opening
from valuation.core.moments import from_us, to_us
from valuation.core.official import Due, Stored
from valuation.core.prices import NewestTick
from valuation.core.progress import Offsets, Place
from valuation.core.splits import SplitRecord
from valuation.core.state import State
from valuation.handlers import Fact

T = TypeVar("T")
Moves = dict[Place, tuple[int, int]]

CLOSES = """
SELECT symbol, window_start, window_end, close, currency, as_of, revision
  FROM ops.price_bar_latest WHERE window_end >= $1
UNION ALL
SELECT * FROM (
  SELECT DISTINCT ON (symbol) symbol, window_start, window_end, close, currency, as_of, revision
    FROM ops.price_bar_latest WHERE window_end < $1 ORDER BY symbol, window_end DESC
) carried
"""
STORED = """
SELECT v.portfolio_id, v.as_of, v.revision, v.market_value, v.unrealized_pnl, v.evidence
  FROM ops.portfolio_valuation_latest v
  JOIN unnest($1::text[], $2::timestamptz[]) AS k (portfolio_id, as_of)
    ON v.portfolio_id = k.portfolio_id AND v.as_of = k.as_of
 WHERE v.basis = 'bar'
"""
# Facts are only ever appended, so their number tells whether something is new.
SPLITS_COUNT = "SELECT count(*) FROM ops.corporate_action WHERE type = 'split'"
SPLITS = """
SELECT symbol, ex_date, value, revision,
       (SELECT count(*) FROM ops.corporate_action WHERE type = 'split') AS entries
  FROM ops.corporate_action_latest WHERE type = 'split' ORDER BY symbol, ex_date
"""


@dataclass
class Checkpoint:
    """What is written together: facts, newest prices and live values, and the offsets that stand for them."""

    moves: Moves
    facts: Sequence[Fact] = ()
    prices: dict[str, NewestTick] = field(default_factory=dict[str, NewestTick])
    live: Sequence[tuple[Valuation, bytes]] = ()


@dataclass
class OfficialBatch:
    """New official values, each with what made it due and what was stored before."""

    values: list[tuple[Due, Valuation, Stored | None]]


class Store:
    """PostgreSQL as valuation uses it. `claim` comes first; every write afterwards is fenced."""

    def __init__(self, dsn: str, group: str) -> None:
        self._database = Database(dsn, application=group, role=WRITER)
        self._fence = OffsetFence(group)
        self._guard: Place | None = None
        self._stored: Offsets = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store")

    def claim(self, places: Iterable[Place]) -> Offsets:
        """Become the owner of these partitions; returns where each goes on."""
        wanted = list(places)
        self._stored = dict(self._database.transaction(lambda conn: self._fence.claim(conn, wanted)))
        self._guard = wanted[0]
        return dict(self._stored)

    def load(self, state: State, bar_history_us: int) -> None:
        """Bring the state back to where the last checkpoint left it."""
        self._database.run(self._load(state, bar_history_us))

    def closes_since(self, since_us: int) -> list[Close]:
        """Closes from a market time on, and the last one of each symbol before it."""
        return self._database.run(self._closes(since_us))

    def check_owner(self) -> None:
        """Raise Fenced when another process has taken over."""
        self._submit(lambda: self._apply({}, _nothing)).result()

    def count_splits(self) -> "Future[int]":
        """How many splits were ever stored, corrections counted too."""
        return self._submit(self._count_splits)

    def find_splits(self) -> "Future[tuple[list[SplitRecord], int]]":
        """Every split in its newest revision, and what `count_splits` says at the same moment."""
        return self._submit(self._find_splits)

    def find_opening(self, day: Day, symbols: Sequence[str]) -> "Future[Opening]":
        """What these symbols are compared with on a date that is not over."""
        return self._submit(lambda: self._find_opening(day, symbols))

    def save(self, checkpoint: Checkpoint) -> "Future[None]":
        """Write a checkpoint. The future raises Fenced when another process has taken over."""
        return self._submit(lambda: self._apply(checkpoint.moves, lambda conn: _write(conn, checkpoint)))

    def find_stored(self, due: Sequence[Due]) -> "Future[dict[tuple[str, int], Stored]]":
        """The newest stored revision of each of these official values, where there is one."""
        return self._submit(lambda: self._find_stored(due))

    def save_official(self, batch: OfficialBatch) -> "Future[None]":
        """Append official values with their lines and restatements."""
        return self._submit(lambda: self._apply({}, lambda conn: _write_official(conn, batch)))

    def close(self) -> None:
        self._writer.shutdown(wait=True)
        self._database.close()

    def _submit(self, work: Callable[[], Coroutine[Any, Any, T]]) -> "Future[T]":
        return self._writer.submit(lambda: self._database.run(work()))

    async def _apply(self, moves: Moves, write: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
        """Write under the fence.

        Without a move one partition is set to where it is: a claim is for all of them.
        """
        assert self._guard is not None, "claim() comes first"
        here = self._stored[self._guard]
        await self._fence.apply(self._database.pool, moves or {self._guard: (here, here)}, write)
        self._stored |= {place: new for place, (_, new) in moves.items()}

    async def _load(self, state: State, bar_history_us: int) -> None:
        async with self._database.pool.acquire() as conn:
            await _load_reference(conn, state)
            for row in await conn.fetch("SELECT * FROM ops.live_price"):
                state.restore_price(
                    row["symbol"],
                    NewestTick(
                        row["ts_event_us"], row["seq"], row["tick_id"], row["price_e8"], row["currency"]
                    ),
                )
            last: datetime | None = await conn.fetchval("SELECT max(window_end) FROM ops.price_bar")
        if last is not None:
            since_us = to_us(last) - bar_history_us
            for close in await self._closes(since_us):
                state.closes.put(close)
            state.closes.cut(since_us)

    async def _closes(self, since_us: int) -> list[Close]:
        found = await self._database.pool.fetch(CLOSES, from_us(since_us))
        return [
            Close(
                row["symbol"],
                to_us(row["window_start"]),
                to_us(row["window_end"]),
                row["close"],
                row["currency"],
                to_us(row["as_of"]),
                row["revision"],
            )
            for row in found
        ]

    async def _count_splits(self) -> int:
        count: int = await self._database.pool.fetchval(SPLITS_COUNT)
        return count

    async def _find_splits(self) -> tuple[list[SplitRecord], int]:
        found = await self._database.pool.fetch(SPLITS)
        records = [SplitRecord(row["symbol"], row["ex_date"], row["value"], row["revision"]) for row in found]
        return records, found[0]["entries"] if found else 0

    async def _find_opening(self, day: Day, symbols: Sequence[str]) -> Opening:
        async with self._database.pool.acquire() as conn:
            closes, actions = await read_opening(conn, day, symbols)
        return Opening(day.date, closes, actions)

    async def _find_stored(self, due: Sequence[Due]) -> dict[tuple[str, int], Stored]:
        names, moments = [one.portfolio_id for one in due], [from_us(one.window_end_us) for one in due]
        return {
            (row["portfolio_id"], to_us(row["as_of"])): Stored(
                row["revision"],
                row["evidence"].get("digest", ""),
                _text(row["market_value"]),
                _text(row["unrealized_pnl"]),
            )
            for row in await self._database.pool.fetch(STORED, names, moments)
        }


async def _load_reference(conn: Connection, state: State) -> None:
    books = state.books
    for row in await conn.fetch("SELECT * FROM ops.instrument_latest"):
        books.put_instrument(_record(Instrument, row), row["revision"])
    for row in await conn.fetch("SELECT * FROM ops.portfolio_latest"):
        books.put_portfolio(_record(Portfolio, row), row["revision"])
    for row in await conn.fetch("SELECT * FROM ops.position_latest"):
        books.put_position(_record(Position, row), row["revision"])
    for row in await conn.fetch("SELECT * FROM ops.fx_rate_latest"):
        state.fixings.put(_record(FxRate, row), row["revision"])
    for row in await conn.fetch("SELECT * FROM ops.fill_latest"):
        books.put_trade(rows.trade_of(row))


def _record(kind: type[T], row: Any) -> T:
    """A contract message from a row that has its fields as columns."""
    return kind(**{name: row[name] for name in kind.__struct_fields__})  # type: ignore[attr-defined]


async def _nothing(_: Connection) -> None:
    """A write of nothing: only the fence is asked."""


async def _write(conn: Connection, checkpoint: Checkpoint) -> None:
    for kind, relation in rows.REFERENCE_TABLES.items():
        found = [rows.reference_row(fact) for fact in checkpoint.facts if isinstance(fact.record, kind)]
        await insert_rows(conn, relation, found)
    prices = [rows.price_row(symbol, tick) for symbol, tick in checkpoint.prices.items()]
    await insert_rows(conn, tables.LivePrice, prices, on_conflict="update")
    live = [rows.live_row(valuation, payload) for valuation, payload in checkpoint.live]
    await insert_rows(conn, tables.LiveValuation, live, on_conflict="update")


async def _write_official(conn: Connection, batch: OfficialBatch) -> None:
    values = [value for _, value, _ in batch.values]
    await insert_rows(conn, tables.PortfolioValuation, [rows.portfolio_row(value) for value in values])
    lines = [row for value in values for row in rows.position_rows(value)]
    await insert_rows(conn, tables.PositionValuation, lines)
    changes = [rows.restatement_row(due, value, was) for due, value, was in batch.values if was is not None]
    await insert_rows(conn, tables.Restatement, changes)


def _text(amount: object) -> str | None:
    return None if amount is None else format(amount, "f")
