"""What Silver holds of each trade date, for the warehouse's test that gold has the same bars."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

DATES = 250
"""Newest trade dates that are compared: about a year."""

_KEY = ("symbol", "window_start")
_PRICES = ("open", "high", "low", "close", "vwap")
_READ = ("trade_date", *_KEY, *_PRICES, "volume", "trades", "window_end")
_DIGITS = 12


def silver_totals(lake: Path) -> str:
    """Count and checksum of the bars of each trade date, newest revisions only, as JSON.

    `read_at` is when, so that a date that got bars since then can be left out; `until` is the end of the
    newest window, so that windows that were closed since then can be left out. Where there is nothing to
    compare with, `not_compared` says why instead: the warehouse then warns.
    """
    path = lake / "silver" / "bars"
    if not DeltaTable.is_deltatable(str(path)):
        return _not_compared(f"there is no Delta table {path}: run `tapeline bars run`")
    read_at = dt.datetime.now(dt.UTC)
    table = DeltaTable(str(path))
    dates = sorted({str(part["trade_date"]) for part in table.partitions()})[-DATES:]
    if not dates:
        return _not_compared(f"the Delta table {path} has no bars: run `tapeline bars run`")
    since = dt.date.fromisoformat(dates[0])
    bars = pl.scan_delta(table).filter(pl.col("trade_date") >= since)
    newest = bars.filter(pl.col("revision") == pl.col("revision").max().over(_KEY)).select(_READ).collect()
    until: dt.datetime = newest["window_end"].max()  # type: ignore[assignment]
    return json.dumps({"read_at": read_at.isoformat(), "until": until.isoformat(), "dates": _by_date(newest)})


def _not_compared(why: str) -> str:
    return json.dumps({"not_compared": why})


def _by_date(bars: pl.DataFrame) -> list[dict[str, str]]:
    counted = (
        bars.select("trade_date", _text().map_elements(_number, return_dtype=pl.Int64).alias("checksum"))
        .group_by("trade_date")
        .agg(pl.len().alias("bars"), pl.col("checksum").cast(pl.Int128).sum())
        .sort("trade_date")
    )
    return [{name: str(value) for name, value in row.items()} for row in counted.iter_rows(named=True)]


def _text() -> pl.Expr:
    """A bar as the macro checksum_of_bars writes it: a price has eight places, what is not there is empty."""
    prices = (pl.col(name).cast(pl.Decimal(38, 8)).cast(pl.String).fill_null("") for name in _PRICES)
    start = pl.col("window_start").dt.epoch("us").cast(pl.String)
    counts = (pl.col(name).cast(pl.String) for name in ("volume", "trades"))
    return pl.concat_str(pl.col("symbol"), start, *prices, *counts, separator="|")


def _number(text: str) -> int:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:_DIGITS], 16)
