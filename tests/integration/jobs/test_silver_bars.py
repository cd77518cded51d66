"""Bars from the real equity day equal an independent one-pass calculation, exactly."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.bar_table import collect_bars, collect_by_window
from jobs.feed_numbers import sharing
from jobs.revisions import SilverBar
from jobs.silver_bars import bars_by_window, transform, with_window
from testkit.bronze import tick
from testkit.oracles import OracleBar, five_minute_bars, rounded_ratio

pytestmark = pytest.mark.integration
T0 = 1_381_150_000_000_000 - 1_381_150_000_000_000 % 300_000_000


def bronze_rows(spark: SparkSession, ticks: pl.DataFrame, path: Path) -> DataFrame:
    """The ticks as Bronze rows, arriving in the order of the frame."""
    rows = ticks.with_row_index("kafka_offset").with_columns(pl.col("kafka_offset").cast(pl.Int64))
    rows.write_parquet(path)
    date = F.to_date(F.timestamp_micros("ts_event_us"))
    return spark.read.parquet(str(path)).select(
        "*", date.alias("trade_date"), F.lit(0).alias("kafka_partition")
    )


def bars_of(frame: DataFrame) -> list[SilverBar]:
    return collect_bars(transform(frame))


def as_oracle(bars: list[SilverBar]) -> dict[tuple[str, datetime], OracleBar]:
    return {
        (bar.symbol, datetime.fromtimestamp(bar.window_start_us // 1_000_000, UTC)): OracleBar(
            bar.open, bar.high, bar.low, bar.close, bar.vwap, bar.volume, bar.trades
        )
        for bar in bars
    }


def test_every_bar_of_the_day_equals_the_oracle(
    spark: SparkSession, day_ticks: pl.DataFrame, day_file: Path, tmp_path: Path
) -> None:
    rows = bronze_rows(spark, day_ticks, tmp_path / "ticks")
    bars = bars_of(rows)
    assert as_oracle(bars) == five_minute_bars(day_file)
    assert {bar.currency for bar in bars} == {"USD"}
    assert sum(bar.trades for bar in bars) == len(day_ticks)

    by_window = collect_by_window(bars_by_window(with_window(rows)))
    assert sorted(map(str, (one.bar for one in by_window))) == sorted(map(str, bars))
    spans = [one.numbers for one in by_window if one.numbers is not None]
    assert (len(spans), sharing(spans)) == (len(bars), set())


def test_order_and_repetition_change_nothing(
    spark: SparkSession, day_ticks: pl.DataFrame, day_file: Path, tmp_path: Path
) -> None:
    repeated = pl.concat([day_ticks, day_ticks.sample(fraction=0.01, seed=1)])
    shuffled = repeated.sample(fraction=1.0, shuffle=True, seed=2)
    bars = bars_of(bronze_rows(spark, shuffled, tmp_path / "ticks"))
    assert as_oracle(bars) == five_minute_bars(day_file)


def test_sums_and_vwap_equal_python_decimals(spark: SparkSession, tmp_path: Path) -> None:
    """One symbol per case: extreme prices and volumes, and every kind of tie in the rounding."""
    random = Random(7)
    cases = [[(1, 1)], [(1, 1), (2, 1)], [(2, 1), (3, 1)], [(5, 0)], [(2**63 - 1, 10**13)] * 3]
    for _ in range(200):
        price_bits, volume_bits = random.choice([2, 20, 60]), random.choice([1, 2, 10, 40])
        cases.append(
            [
                (random.getrandbits(price_bits) + 1, random.getrandbits(volume_bits))
                for _ in range(random.randint(1, 6))
            ]
        )
    rows = [
        tick(place, T0 + place, price, symbol=f"S{case}", tick_id=f"feed/S{case}/{place}", volume=volume)
        for case, prints in enumerate(cases)
        for place, (price, volume) in enumerate(prints)
    ]
    bars = {bar.symbol: bar for bar in bars_of(bronze_rows(spark, pl.DataFrame(rows), tmp_path / "ticks"))}
    for case, prints in enumerate(cases):
        bar = bars[f"S{case}"]
        notional, volume = sum(price * size for price, size in prints), sum(size for _, size in prints)
        assert (bar.notional_e8, bar.volume) == (notional, volume)
        assert bar.vwap == (rounded_ratio(notional, volume) if volume else None)


def test_two_currencies_in_a_window_stop_loudly(spark: SparkSession, tmp_path: Path) -> None:
    rows = [tick(0, T0), tick(1, T0, currency="EUR")]
    frame = bronze_rows(spark, pl.DataFrame(rows), tmp_path / "ticks")
    with pytest.raises(Exception, match="more than one currency in a window: AAA"):
        bars_of(frame)


def test_the_first_accepted_of_one_id_counts(spark: SparkSession, tmp_path: Path) -> None:
    rows = [tick(0, T0 + 5, 200), tick(0, T0 + 1, 100), tick(1, T0 + 9, 300)]
    [bar] = bars_of(bronze_rows(spark, pl.DataFrame(rows), tmp_path / "ticks"))
    assert (bar.open, bar.low, bar.trades) == (Decimal("0.00000200"), Decimal("0.00000200"), 2)
