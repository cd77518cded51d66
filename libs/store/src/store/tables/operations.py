"""How the platform runs: offsets, newest live values, counts, keys, end-of-day runs."""

import datetime as dt
from typing import Any, ClassVar

from sqlalchemy import ARRAY, String, text
from sqlmodel import Field

from store.tables.base import State, bigint, json, timestamp, unique_by

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


class PipelineCount(State, table=True):
    """Conservation counts of one stage up to next_offset: received = accepted + duplicate + rejected."""

    __table_args__ = (unique_by("stage", "topic", "part"),)
    ordered_by: ClassVar[tuple[str, ...]] = ("next_offset",)

    stage: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    part: int = Field(primary_key=True)
    next_offset: int = bigint()
    received: int = bigint()
    accepted: int = bigint()
    duplicate: int = bigint()
    rejected: dict[str, Any] = json()
    recorded_at: dt.datetime = timestamp(sa_column_kwargs=_NOW)


class ApiKey(State, table=True):
    """A key's look-up prefix and keyed hash; the key itself is never stored."""

    __table_args__ = (unique_by("prefix"),)

    prefix: str = Field(primary_key=True)
    key_hash: bytes
    owner: str
    scopes: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    created_at: dt.datetime = timestamp(sa_column_kwargs=_NOW)
    expires_at: dt.datetime | None = timestamp(default=None)
    revoked_at: dt.datetime | None = timestamp(default=None)


class Run(State, table=True):
    """One attempt at one step of an end-of-day run."""

    __table_args__ = (unique_by("run_id", "step", "attempt"),)

    run_id: str = Field(primary_key=True)
    step: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    business_date: dt.date
    status: str
    started_at: dt.datetime = timestamp()
    finished_at: dt.datetime | None = timestamp(default=None)
    details: dict[str, Any] = json(default_factory=dict)
