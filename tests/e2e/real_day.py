"""The real trading day that several modules look at: a book, its files, and calculations from them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from testkit.oracles import mid_rate
from testkit.platform import Platform

DATA = Path(__file__).resolve().parents[2] / "data"
DAY = DATA / "ticks" / "us-equity-trades-2013-10-07.parquet"
FX_DAILY = DATA / "daily" / "fx-daily.parquet"
MARKET_DATE = date(2013, 10, 7)
TAKEN_ON = date(2013, 10, 4)
BOOK = {  # symbol -> (quantity, average cost)
    "AIG": (Decimal(4000), Decimal("48.10")),
    "BAC": (Decimal(-15000), Decimal("14.05")),
    "IBM": (Decimal(700), Decimal("184.10")),
    "SPY": (Decimal(1800), Decimal("168.89")),
}


def load_and_replay(platform: Platform, folder: Path) -> None:
    """The book, the whole day at full speed, and one run of the Silver job, with the values at its bars."""
    (folder / "portfolios.csv").write_text(
        "portfolio_id,name,base_currency\nEURBOOK,Four US names in euros,EUR\n"
    )
    lines = [f"EURBOOK,{symbol},{q},{cost},USD,{TAKEN_ON}" for symbol, (q, cost) in BOOK.items()]
    (folder / "positions.csv").write_text(
        "portfolio_id,symbol,quantity,average_cost,currency,as_of\n" + "\n".join(lines) + "\n"
    )
    platform.run("load", "portfolios", str(folder / "portfolios.csv"))
    platform.run("load", "positions", str(folder / "positions.csv"))
    platform.run("replay", str(DAY), "--speed", "max", "--wait")
    platform.run("bars", "run", "--wait")


def euros_per_dollar(day: date) -> Decimal:
    """The rate of a day, as the platform crosses it."""
    return (1 / mid_rate(FX_DAILY, "EURUSD", day)).quantize(Decimal("1e-18"))


def daily_closes(symbol: str) -> dict[date, float]:
    """Unadjusted closes of the demo's history."""
    prices = pl.read_parquet(DATA / "demo" / "prices.parquet").filter(pl.col("symbol") == symbol)
    return dict(prices.select("date", "close").iter_rows())


def scenario_losses(now: dict[str, Decimal]) -> tuple[np.ndarray, list[date]]:
    """P&L of the holdings at these prices under each of the last 500 daily moves, from the files alone."""
    days = sorted(day for day in daily_closes("SPY") if day < MARKET_DATE)[-501:]
    actions = pl.read_csv(DATA / "demo" / "corporate-actions.csv", try_parse_dates=True)
    fx = pl.read_parquet(FX_DAILY).filter(pl.col("pair") == "EURUSD")
    mid = dict(zip(fx["date"], (fx["bid_close"] + fx["ask_close"]) / 2, strict=True))
    euro = np.array([1 / mid[day] for day in days])
    rate = 1 / mid[MARKET_DATE]
    pnl = np.zeros(500)
    for symbol, (quantity, _) in BOOK.items():
        closes = daily_closes(symbol)
        paid = {
            day: float(value)
            for name, day, kind, value in actions.iter_rows()
            if name == symbol and kind == "dividend"
        }
        close = np.array([float(closes[day]) for day in days])
        dividend = np.array([paid.get(day, 0.0) for day in days[1:]])
        local = (close[1:] + dividend) / close[:-1]
        pnl += float(quantity * now[symbol]) * rate * (local * euro[1:] / euro[:-1] - 1)
    return pnl, days
