"""Independent calculations that tests compare the platform with. Nothing here imports the platform's code."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import duckdb

EIGHT_PLACES = Decimal("0.00000001")


@dataclass(frozen=True)
class OracleBar:
    """One five-minute bar as DuckDB sees it; prices exact, VWAP rounded once, half-even, to 8 places."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal | None
    volume: int
    trades: int


def rounded_ratio(numerator: int, denominator: int) -> Decimal:
    """numerator / denominator, rounded half-even to an integer, as a Decimal with 8 places."""
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient % 2 == 1):
        quotient += 1
    return Decimal(quotient).scaleb(-8)


def five_minute_bars(ticks: Path) -> dict[tuple[str, datetime], OracleBar]:
    """Bars of every (symbol, window start) of a tick file, in one pass ordered by (ts_event, seq)."""
    rows = duckdb.execute(
        """
        WITH ticks AS (
            SELECT symbol, epoch_us(ts_event) AS ts_us, seq, volume,
                   CAST(price * 100000000 AS BIGINT) AS price_e8
            FROM read_parquet($path)
        )
        SELECT symbol,
               ts_us // 300000000 AS window,
               arg_min(price_e8, ROW(ts_us, seq)), max(price_e8), min(price_e8),
               arg_max(price_e8, ROW(ts_us, seq)),
               CAST(sum(CAST(price_e8 AS HUGEINT) * volume) AS VARCHAR),
               CAST(sum(volume) AS VARCHAR), count(*)
        FROM ticks GROUP BY ALL
        """,
        parameters={"path": str(ticks)},
    ).fetchall()
    return {
        (symbol, datetime.fromtimestamp(window * 300, UTC)): OracleBar(
            *(Decimal(price).scaleb(-8) for price in prices),
            vwap=rounded_ratio(int(notional), int(volume)) if int(volume) else None,
            volume=int(volume),
            trades=trades,
        )
        for symbol, window, *prices, notional, volume, trades in rows
    }


def last_prices(ticks: Path) -> dict[str, Decimal]:
    """The last price of each symbol by (ts_event, seq)."""
    rows = duckdb.execute(
        """
        SELECT symbol, CAST(arg_max(price, ROW(ts_event, seq)) AS VARCHAR)
        FROM read_parquet($path) GROUP BY symbol
        """,
        parameters={"path": str(ticks)},
    ).fetchall()
    return {symbol: Decimal(price) for symbol, price in rows}


def mid_rate(fx_daily: Path, pair: str, day: date) -> Decimal:
    """Mid of the bid and ask close of one day, exact in the decimals the file shows."""
    rows = duckdb.execute(
        "SELECT bid_close, ask_close FROM read_parquet($path) WHERE pair = $pair AND date = $day",
        parameters={"path": str(fx_daily), "pair": pair, "day": day},
    ).fetchall()
    if not rows:
        raise LookupError(f"{fx_daily.name} has no {pair} on {day}")
    bid, ask = (Decimal(repr(value)) for value in rows[0])
    return (bid + ask) / 2


def money(amount: Decimal) -> Decimal:
    """Rounded half-even to 8 places, as the platform promises per position."""
    return amount.quantize(EIGHT_PLACES, ROUND_HALF_EVEN)
