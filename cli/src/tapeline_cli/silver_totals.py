"""What Silver holds of each trade date, for the warehouse's test that gold has the same bars."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import DeltaTable

DATES = 250
"""Newest trade dates that are compared: about a year."""

_KEY = ("symbol", "window_start")
_SUMS = ("volume", "trades", "open", "high", "low", "close")


def silver_totals(lake: Path) -> str | None:
    """Count of bars and sums of their columns by trade date, newest revisions only, as JSON.

    `read_at` is when, so that a date that got bars since then can be left out; `until` is the end of the
    newest window, so that windows that were closed since then can be left out. None where there is no Silver.
    """
    path = lake / "silver" / "bars"
    if not DeltaTable.is_deltatable(str(path)):
        return None
    read_at = dt.datetime.now(dt.UTC)
    table = DeltaTable(str(path))
    dates = sorted({str(part["trade_date"]) for part in table.partitions()})[-DATES:]
    if not dates:
        return None
    since = dt.date.fromisoformat(dates[0])
    bars = pl.scan_delta(table).filter(pl.col("trade_date") >= since)
    newest = bars.filter(pl.col("revision") == pl.col("revision").max().over(_KEY))
    found = (
        newest.group_by("trade_date")
        .agg(pl.len().alias("bars"), pl.col(_SUMS).sum(), pl.col("window_end").max())
        .sort("trade_date")
        .collect()
    )
    until: dt.datetime = found["window_end"].max()  # type: ignore[assignment]
    rows = [_plain(row) for row in found.drop("window_end").iter_rows(named=True)]
    return json.dumps({"read_at": read_at.isoformat(), "until": until.isoformat(), "dates": rows})


def _plain(row: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in row.items()}
