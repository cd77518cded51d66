"""Reads the real daily history that the simulator is calibrated from."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from producer.core.calibration import Listing

RECENT_DAYS = 250


def read_history(data: Path) -> tuple[list[Listing], list[date], NDArray[np.float64]]:
    """Listings of data/demo/instruments.csv that have a history, their common dates, and adjusted closes."""
    instruments = pl.read_csv(data / "demo" / "instruments.csv")
    shares = pl.read_parquet(data / "demo" / "prices.parquet").with_columns(pl.col("close").cast(pl.Float64))
    quotes = pl.read_parquet(data / "daily" / "fx-daily.parquet")
    actions = pl.read_csv(data / "demo" / "corporate-actions.csv", try_parse_dates=True)
    adjusted = pl.concat([adjust(shares, actions), mids(quotes)])
    wide = adjusted.pivot(on="symbol", index="date", values="close").sort("date").drop_nulls()
    listings = [
        listing(row, shares, quotes)
        for row in instruments.iter_rows(named=True)
        if row["symbol"] in wide.columns
    ]
    return listings, wide["date"].to_list(), wide.select(one.symbol for one in listings).to_numpy()


def adjust(shares: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """symbol, date and the value of one unit held from the first date on, dividends put back in.

    From one close to the next it grows by (close * split ratio + dividend) / previous close.
    """
    by_day = actions.pivot(on="type", index=["symbol", "ex_date"], values="value")
    dated = shares.join(by_day, left_on=["symbol", "date"], right_on=["symbol", "ex_date"], how="left")
    held = pl.col("close") * pl.col("split").fill_null(1.0) + pl.col("dividend").fill_null(0.0)
    growth = (held / pl.col("close").shift(1)).fill_null(1.0)
    return dated.sort("symbol", "date").select(
        "symbol", "date", growth.cum_prod().over("symbol").alias("close")
    )


def mids(quotes: pl.DataFrame) -> pl.DataFrame:
    return quotes.select(
        pl.col("pair").alias("symbol"),
        "date",
        ((pl.col("bid_close") + pl.col("ask_close")) / 2).alias("close"),
    )


def listing(row: dict[str, str], shares: pl.DataFrame, quotes: pl.DataFrame) -> Listing:
    """What the newest rows of the history say about one instrument."""
    symbol = row["symbol"]
    if row["asset_class"] == "fx":
        recent = quotes.filter(pl.col("pair") == symbol).sort("date").tail(RECENT_DAYS)
        mid = (recent["bid_close"][-1] + recent["ask_close"][-1]) / 2
        # A tight day's spread: the daily close falls into the hour in which spreads are widest.
        spread = recent.select(((pl.col("ask_close") - pl.col("bid_close")) * 1e5).quantile(0.1)).item()
        last_close, spread_points, turnover = Decimal(f"{mid:.5f}"), max(1, round(spread)), 0.0
    else:
        recent = shares.filter(pl.col("symbol") == symbol).sort("date").tail(RECENT_DAYS)
        last_close, spread_points = Decimal(f"{recent['close'][-1]:.2f}"), 1
        turnover = float((recent["close"] * recent["volume"]).to_numpy().mean())
    return Listing(
        symbol, row["asset_class"], row["currency"], row["exchange"], last_close, spread_points, turnover
    )
