"""Silver bars in their Delta table: columns, reading back, and the MERGE that adds revisions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import (
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from jobs.feed_numbers import NumberSpan
from jobs.lake import local_frame
from jobs.revisions import SilverBar
from quant.money import plain

PRICE, NOTIONAL_E8, RATE = DecimalType(28, 8), DecimalType(38, 0), DecimalType(38, 18)
_COLUMNS: dict[str, DataType] = {
    "symbol": StringType(), "trade_date": DateType(), "window_start": TimestampType(),
    "window_end": TimestampType(), "open": PRICE, "high": PRICE, "low": PRICE, "close": PRICE, "vwap": PRICE,
    "notional_e8": NOTIONAL_E8, "volume": LongType(), "trades": LongType(), "currency": StringType(),
    "first_tick_id": StringType(), "last_tick_id": StringType(), "as_of": TimestampType(),
    "kafka_partition": IntegerType(), "last_offset": LongType(), "revision": IntegerType(),
    "recorded_at": TimestampType(), "close_reporting": PRICE, "reporting_currency": StringType(),
    "reporting_rate": RATE, "rate_sources": StringType(),
}  # fmt: skip
_NULLABLE = {"vwap", "close_reporting", "reporting_currency", "reporting_rate", "rate_sources"}
BARS_SCHEMA = StructType([StructField(name, kind, name in _NULLABLE) for name, kind in _COLUMNS.items()])
_TIMES = ("window_start", "window_end", "as_of", "recorded_at")
_FIELDS = tuple(field.name for field in fields(SilverBar))
_STAGE_SCHEMA = StructType(
    [StructField(name, LongType() if name.endswith("_us") else _COLUMNS[name]) for name in _FIELDS]
)


def collect_bars(frame: DataFrame) -> list[SilverBar]:
    """Rows as bars; times leave Spark as integers, so that no local time zone touches them."""
    return [_bar_of(row.asDict()) for row in frame.select(*_bar_columns(frame)).collect()]


def collect_marked(frame: DataFrame) -> list[tuple[SilverBar, bool]]:
    """The rows of `silver_bars.bars_of`, each with whether it is mixed."""
    found = []
    for row in frame.select(*_bar_columns(frame), "mixed").collect():
        values = row.asDict()
        mixed = values.pop("mixed")
        found.append((_bar_of(values), mixed))
    return found


@dataclass(frozen=True, slots=True)
class WindowBar:
    """A bar made of its window alone, and what tells whether that is right."""

    bar: SilverBar
    mixed: bool
    low: int | None
    high: int | None

    @property
    def numbers(self) -> NumberSpan | None:
        """The span of its ticks' feed numbers."""
        if self.low is None or self.high is None:
            return None
        return NumberSpan(self.bar.symbol, self.bar.trade_date, self.bar.window_start_us, self.low, self.high)


def collect_by_window(frame: DataFrame) -> list[WindowBar]:
    """The rows of `silver_bars.bars_by_window`."""
    found = []
    for row in frame.select(*_bar_columns(frame), "mixed", "number_low", "number_high").collect():
        values = row.asDict()
        beside = values.pop("mixed"), values.pop("number_low"), values.pop("number_high")
        found.append(WindowBar(_bar_of(values), *beside))
    return found


def merge_bars(spark: SparkSession, path: str, changed: Sequence[SilverBar]) -> None:
    """Add these revisions; one that is there already is left alone."""
    frame = local_frame(spark, [asdict(bar) for bar in changed], _STAGE_SCHEMA)
    columns = [
        F.timestamp_micros(f"{name}_us").alias(name) if name in _TIMES else F.col(name)
        for name in BARS_SCHEMA.names
    ]
    frame.select(*columns).coalesce(1).createOrReplaceTempView("changed_bars")
    spark.sql(
        f"MERGE INTO delta.`{path}` t USING changed_bars s "
        "ON t.trade_date = s.trade_date AND t.symbol = s.symbol "
        "AND t.window_start = s.window_start AND t.revision = s.revision "
        "WHEN NOT MATCHED THEN INSERT *"
    )


def _bar_columns(frame: DataFrame) -> list[Column]:
    return [
        F.unix_micros(name).alias(f"{name}_us") if name in _TIMES else F.col(name)
        for name in BARS_SCHEMA.names
        if name in frame.columns
    ]


def _bar_of(values: dict[str, Any]) -> SilverBar:
    """The bar as it was before it was stored: the column's 18 places are not part of a rate."""
    bar = SilverBar(**values)
    return bar if bar.reporting_rate is None else replace(bar, reporting_rate=plain(bar.reporting_rate))
