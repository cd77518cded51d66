"""What Silver holds, as the warehouse's test reads it."""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import write_deltalake

from tapeline_cli.silver_totals import DATES, silver_totals

MONDAY = dt.date(2013, 10, 7)
PRICES = ("open", "high", "low", "close", "vwap")


def bar(symbol: str, date: dt.date, revision: int, close: str, minute: int = 0) -> dict[str, object]:
    start = dt.datetime.combine(date, dt.time(15, minute), dt.UTC)
    return {
        "symbol": symbol,
        "trade_date": date,
        "window_start": start,
        "window_end": start + dt.timedelta(minutes=5),
        **dict.fromkeys(PRICES, Decimal(close)),
        "volume": 100,
        "trades": 7,
        "revision": revision,
    }


def write(lake: Path, *bars: dict[str, object]) -> None:
    prices: dict[str, Any] = dict.fromkeys(PRICES, pl.Decimal(28, 8))
    frame = pl.DataFrame(bars, schema_overrides=prices)
    write_deltalake(lake / "silver" / "bars", frame, partition_by=["trade_date"], mode="append")


def dates(lake: Path) -> list[dict[str, str]]:
    return json.loads(silver_totals(lake))["dates"]


def test_only_the_newest_revision_of_a_bar_counts(tmp_path: Path) -> None:
    write(tmp_path, bar("AIG", MONDAY, 1, "48.72"), bar("BAC", MONDAY, 1, "13.81", 5))
    write(tmp_path, bar("AIG", MONDAY, 2, "48.73000001"))
    assert json.loads(silver_totals(tmp_path))["until"] == "2013-10-07T15:10:00+00:00"
    aig, bac = "|".join(["48.73000001"] * 5), "|".join(["13.81000000"] * 5)
    texts = f"AIG|1381158000000000|{aig}|100|7", f"BAC|1381158300000000|{bac}|100|7"
    checksum = sum(int(hashlib.md5(text.encode()).hexdigest()[:12], 16) for text in texts)
    assert dates(tmp_path) == [{"trade_date": "2013-10-07", "bars": "2", "checksum": str(checksum)}]


def test_two_bars_that_change_places_are_seen(tmp_path: Path) -> None:
    """Their sums are the same."""
    straight, swapped = tmp_path / "straight", tmp_path / "swapped"
    write(straight, bar("AIG", MONDAY, 1, "48.72"), bar("BAC", MONDAY, 1, "13.81"))
    write(swapped, bar("AIG", MONDAY, 1, "13.81"), bar("BAC", MONDAY, 1, "48.72"))
    assert dates(straight) != dates(swapped)


def test_another_vwap_is_seen_and_none_is_a_value(tmp_path: Path) -> None:
    good = bar("AIG", MONDAY, 1, "48.72")
    seen: set[str] = set()
    for vwap in (Decimal("48.72"), Decimal("48.71999999"), None):
        lake = tmp_path / str(vwap)
        write(lake, {**good, "vwap": vwap})
        seen.add(dates(lake)[0]["checksum"])
    assert len(seen) == 3


def test_old_dates_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, *(bar("AIG", MONDAY + dt.timedelta(days=day), 1, "48") for day in range(DATES + 2)))
    found = dates(tmp_path)
    assert (len(found), found[0]["trade_date"]) == (DATES, "2013-10-09")


def test_without_silver_it_says_that_nothing_is_compared(tmp_path: Path) -> None:
    told = json.loads(silver_totals(tmp_path))
    assert set(told) == {"not_compared"}
    assert "silver/bars" in told["not_compared"]
