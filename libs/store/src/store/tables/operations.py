"""How the platform runs: offsets, newest live values, keys, audit log, end-of-day runs."""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, String, text
from sqlmodel import Field

from store.tables.base import Fact, Relation, State, bigint, json, timestamp, unique_by, versioned_by

_NOW = {"server_default": text("now()")}


class StreamOffset(State, table=True):
    """The next offset a consumer group reads of a partition, and the epoch of the process that owns it."""

    __table_args__ = (unique_by("grp", "topic", "part"),)

    grp: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    next_offset: int = bigint()
    owner_epoch: int = bigint()
    updated_at: dt.datetime = timestamp(sa_column_kwargs=_NOW)


class LivePrice(State, table=True):
    """The newest tick of each symbol, so that a restarted valuation knows prices before the next tick."""

    __table_args__ = (unique_by("symbol"),)
    ordered_by: ClassVar[tuple[str, ...]] = ("ts_event_us", "seq", "tick_id")

    symbol: str = Field(primary_key=True)
    price_e8: int = bigint()
    currency: str
    ts_event_us: int = bigint()
    seq: int = bigint()
    tick_id: str


class LiveValuation(State, table=True):
    """The newest live value of each portfolio, the whole message of portfolio.valuations.v1 in `payload`."""

    __table_args__ = (unique_by("portfolio_id"),)
    ordered_by: ClassVar[tuple[str, ...]] = ("as_of", "recorded_at")

    portfolio_id: str = Field(primary_key=True)
    valuation_id: str
    as_of: dt.datetime = timestamp()
    recorded_at: dt.datetime = timestamp()
    payload: dict[str, Any] = json()


class ApiKey(State, table=True):
    """A key's look-up prefix and keyed hash; the key itself is never stored.

    Sign-in links (`link`) and browser sessions are keys too. `portfolios` are entitlements, `*` means all;
    `issued_by` is the credential that made it.
    """

    __table_args__ = (
        unique_by("prefix"),
        CheckConstraint("kind IN ('key', 'link', 'session')", name="kind"),
        Index(None, "issued_by"),
    )

    prefix: str = Field(primary_key=True)
    key_hash: bytes
    kind: str
    owner: str
    scopes: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    portfolios: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    issued_by: str
    created_at: dt.datetime = timestamp(sa_column_kwargs=_NOW)
    expires_at: dt.datetime | None = timestamp(default=None)
    revoked_at: dt.datetime | None = timestamp(default=None)


class AuditLog(Relation, table=True):
    """Who did, or was refused, what; each entry carries the hash of the one before.

    `number`, `previous_hash` and `hash` are made by the database. Nobody changes or deletes an entry.
    """

    __table_args__ = (
        unique_by("number"),
        CheckConstraint("result IN ('done', 'denied', 'failed')", name="result"),
        Index(None, "at"),
    )

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    at: dt.datetime = timestamp()
    principal: str
    credential: str
    method: str
    route: str
    path: str
    portfolio_id: str | None = None
    status: int
    result: str
    trace_id: str
    details: dict[str, Any] = json(default_factory=dict, sa_column_kwargs={"server_default": text("'{}'")})
    previous_hash: bytes
    hash: bytes


class Run(Fact, table=True):
    """One attempt at one step of the end of day of a date: `running`, then as next revision done or failed.

    An attempt that stays `running` was killed. `rows_written` is null where nothing is counted.
    """

    __table_args__ = (versioned_by("date", "step", "attempt"),)

    date: dt.date = Field(primary_key=True)
    step: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    state: str
    started_at: dt.datetime = timestamp()
    ended_at: dt.datetime | None = timestamp(default=None)
    rows_written: int | None = bigint(default=None)
    message: str | None = None
    details: dict[str, Any] = json(default_factory=dict)
