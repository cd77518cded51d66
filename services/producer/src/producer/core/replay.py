"""Rows of a file to raw events, in columns: nothing here holds a Python object per row of the file."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

TRADE_COLUMNS = ("symbol", "ts_event", "price", "currency", "exchange", "volume")
QUOTE_COLUMNS = ("symbol", "ts_event", "bid", "ask")
OPTIONAL_COLUMNS = ("source", "seq", "bid", "ask", "sale_condition", "venue")
EVENT_COLUMNS = (*TRADE_COLUMNS, "source", "seq", "bid", "ask", "sale_condition")
OVER_THE_COUNTER = "XOFF"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.6fZ"


class FileError(ValueError):
    """The file cannot be replayed; the message says why and what to do."""


@dataclass(frozen=True)
class Selection:
    """Which rows: symbols (None for all), from_us <= time < to_us, and at most `limit` in time order."""

    symbols: tuple[str, ...] | None = None
    from_us: int | None = None
    to_us: int | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Retiming:
    """Moves event times: new = start_us + (old - first) / speed."""

    first_us: int
    start_us: int
    speed: float = 1.0

    def apply(self, ts_us: NDArray[np.int64]) -> NDArray[np.int64]:
        passed = ts_us - self.first_us
        return self.start_us + (passed if self.speed == 1.0 else (passed / self.speed).astype(np.int64))


def normalise(rows: pl.DataFrame, name: str, zone: str | None = None) -> pl.DataFrame:
    """The file's rows in time order with the columns of the raw contract and `ts_us`.

    `name` becomes the source where the file has none, followed by /venue where there is one. Without `seq`
    the row's place among its symbol's rows is taken, so that a second replay sends the same ticks. Equal
    times keep file order.
    A file with bid and ask but no price holds quotes: price = (bid + ask) / 2 exactly, volume 0.
    """
    quotes = _check_columns(rows, name)
    timed = rows.with_columns(_time_us(rows, name, zone))
    named = timed.with_columns(_source(rows, name), _sequence(rows))
    complete = _quotes(named) if quotes else named
    kept = complete.select("ts_us", *(column for column in EVENT_COLUMNS if column in complete.columns))
    return kept if kept["ts_us"].is_sorted() else kept.sort("ts_us", maintain_order=True)


def select(rows: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """The chosen part of normalised rows; FileError when nothing is left."""
    chosen = rows
    if selection.symbols is not None:
        chosen = chosen.filter(pl.col("symbol").is_in(selection.symbols))
    if selection.from_us is not None:
        chosen = chosen.filter(pl.col("ts_us") >= selection.from_us)
    if selection.to_us is not None:
        chosen = chosen.filter(pl.col("ts_us") < selection.to_us)
    if chosen.is_empty():
        symbols = ", ".join(rows["symbol"].unique().sort().head(20))
        raise FileError(f"nothing to replay: no row is left after the selection; the file has {symbols}")
    return chosen if selection.limit is None else chosen.head(selection.limit)


def encode(rows: pl.DataFrame, retiming: Retiming | None = None) -> list[bytes]:
    """One JSON object per normalised row."""
    ts_us = rows["ts_us"]
    if retiming is not None:
        ts_us = pl.Series("ts_us", retiming.apply(ts_us.to_numpy()))
    times = ts_us.cast(pl.Datetime("us")).dt.strftime(TIME_FORMAT).alias("ts_event")
    events = rows.drop("ts_us").with_columns(times)
    decimals = [
        pl.col(column).cast(pl.String) for column in ("price", "bid", "ask") if column in events.columns
    ]
    objects = events.with_columns(decimals).select(pl.struct(pl.all()).struct.json_encode())
    return objects.to_series().cast(pl.Binary).to_list()


def _check_columns(rows: pl.DataFrame, name: str) -> bool:
    """True for a quote file, False for a trade file, FileError for anything else."""
    quotes = "price" not in rows.columns and {"bid", "ask"} <= set(rows.columns)
    wanted = QUOTE_COLUMNS if quotes else TRADE_COLUMNS
    missing = [column for column in wanted if column not in rows.columns]
    if missing:
        raise FileError(
            f"{name}: column{'s' if len(missing) > 1 else ''} {', '.join(missing)} missing. "
            f"A file of trades needs {', '.join(TRADE_COLUMNS)}; one of quotes {', '.join(QUOTE_COLUMNS)}; "
            f"both may have {', '.join(OPTIONAL_COLUMNS)}. This one has {', '.join(rows.columns)}."
        )
    return quotes


def _time_us(rows: pl.DataFrame, name: str, zone: str | None) -> pl.Series:
    """Event time in microseconds since 1970."""
    times = rows["ts_event"]
    if times.dtype == pl.String:
        parsed = times.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        if zone is not None:
            local = times.str.to_datetime(time_unit="us", strict=False)
            parsed = parsed.fill_null(local.dt.replace_time_zone(zone).dt.convert_time_zone("UTC"))
    elif isinstance(times.dtype, pl.Datetime):
        if times.dtype.time_zone is None and zone is None:
            raise FileError(
                f"{name}: ts_event has no time zone; say which one it is in with --zone, such as UTC"
            )
        parsed = times if times.dtype.time_zone else times.dt.replace_time_zone(zone)
    else:
        raise FileError(
            f"{name}: ts_event is {times.dtype}; it must be a time or text such as 2025-09-24T14:32:10Z"
        )
    bad = parsed.is_null().arg_true()
    if len(bad):
        raise FileError(
            f"{name}: row {bad[0] + 1} has ts_event {times[bad[0]]!r} ({len(bad)} such rows): "
            "give a date, a time and a zone, such as 2025-09-24T14:32:10Z; --zone UTC is for those without"
        )
    return parsed.dt.epoch("us").alias("ts_us")


def _source(rows: pl.DataFrame, name: str) -> pl.Expr:
    own = pl.concat_str(pl.lit(name + "/"), "venue") if "venue" in rows.columns else pl.lit(name)
    return (pl.col("source").fill_null(own) if "source" in rows.columns else own).alias("source")


def _sequence(rows: pl.DataFrame) -> pl.Expr:
    if "seq" in rows.columns:
        return pl.col("seq").cast(pl.Int64)
    return (pl.int_range(pl.len()).over("symbol")).cast(pl.Int64).alias("seq")


def _quotes(rows: pl.DataFrame) -> pl.DataFrame:
    bid, ask = (pl.col(side).cast(pl.String).str.to_decimal(scale=9) for side in ("bid", "ask"))
    mid = ((bid + ask) * pl.lit("0.5").str.to_decimal(scale=1)).cast(pl.String)
    given: dict[Literal["currency", "exchange"], pl.Expr] = {
        "currency": pl.col("symbol").str.slice(3, 3),
        "exchange": pl.lit(OVER_THE_COUNTER),
    }
    return rows.with_columns(
        mid.str.strip_chars_end("0").str.strip_chars_end(".").alias("price"),
        pl.lit(0).alias("volume"),
        *(value.alias(column) for column, value in given.items() if column not in rows.columns),
    )
