"""Which Bronze rows make the bars of some windows, read without touching the rest of the table."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructField, StructType

from jobs.feed_numbers import NumberSpan, SymbolDay, by_symbol_day, sharing
from jobs.lake import local_frame
from jobs.silver_bars import WINDOW_US, WindowKey, distinct_ticks, has_number, with_window

_KEY_SCHEMA = StructType([StructField("symbol", StringType()), StructField("window_start_us", LongType())])
_KEY = ["symbol", "window_start_us"]
_RANGE_GAP_US = 3_600_000_000
_MAX_SYMBOLS_APART = 200


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """A touched window; `touched_at_us` is our time when it was last touched."""

    window_start_us: int
    symbol: str
    trade_date: date
    kafka_partition: int
    touched_at_us: int

    @property
    def key(self) -> WindowKey:
        return self.symbol, self.window_start_us

    @property
    def end_us(self) -> int:
        return self.window_start_us + WINDOW_US


def frame_of(bronze: DataFrame, windows: Sequence[Window]) -> DataFrame:
    """The keys of the windows as a small frame of the same session."""
    rows = [asdict(window) for window in windows]
    return local_frame(bronze.sparkSession, rows, _KEY_SCHEMA)


def ticks_of(bronze: DataFrame, windows: Sequence[Window]) -> DataFrame:
    """The distinct ticks of the windows, without those accepted earlier in another window of the day."""
    candidates = bronze.where(_in_ranges(windows) | _same_numbers(rows_of(bronze, windows)))
    return distinct_ticks(candidates).join(F.broadcast(frame_of(bronze, windows)), _KEY, "left_semi")


def rows_of(bronze: DataFrame, windows: Sequence[Window]) -> DataFrame:
    """All rows of the windows, repetitions included, with `window_start_us`."""
    near = with_window(bronze.where(_in_ranges(windows)))
    return near.join(F.broadcast(frame_of(bronze, windows)), _KEY, "left_semi")


def in_two_windows(
    bronze: DataFrame, windows: Sequence[Window], spans: Sequence[NumberSpan]
) -> set[WindowKey]:
    """Those windows that may have a tick which was accepted in another window of the day too.

    `spans` are of these windows. A tick in two windows has the same feed number in both: there is none where
    no two spans overlap and no row outside the windows has a number in them.
    """
    elsewhere = _with_rows_elsewhere(bronze, windows, spans)
    return sharing(spans) | {span.key for span in spans if span.symbol_day in elsewhere}


def _with_rows_elsewhere(
    bronze: DataFrame, windows: Sequence[Window], spans: Sequence[NumberSpan]
) -> set[SymbolDay]:
    """The symbols and trade dates with rows outside the windows whose feed number is within a span."""
    days = [
        Row(symbol=day[0], trade_date=day[1], low=found[0].low, high=max(span.high for span in found))
        for day, found in by_symbol_day(spans).items()
    ]
    if not days:
        return set()
    rows = with_window(bronze.where(has_number() & _any_of([_span(one) for one in _bounded(days)])))
    outside = rows.join(F.broadcast(frame_of(bronze, windows)), _KEY, "left_anti")
    found = outside.select("symbol", "trade_date").distinct().collect()
    return {(row.symbol, row.trade_date) for row in found}


def ranges(starts_us: Iterable[int]) -> list[tuple[int, int]]:
    """Half-open time ranges that cover these windows; gaps below an hour are covered too."""
    covered: list[tuple[int, int]] = []
    for start in sorted(starts_us):
        end = start + WINDOW_US
        if covered and start - covered[-1][1] < _RANGE_GAP_US:
            covered[-1] = (covered[-1][0], end)
        else:
            covered.append((start, end))
    return covered


def _in_ranges(windows: Sequence[Window]) -> Column:
    """Rows near the windows, chosen by partition values and by the file statistics of event times."""
    time = F.col("ts_event_us")
    dates = sorted({window.trade_date for window in windows})
    symbols = sorted({window.symbol for window in windows})
    spans = ranges({window.window_start_us for window in windows})
    return (
        F.col("trade_date").isin(dates)
        & F.col("symbol").isin(symbols)
        & _any_of([(time >= start) & (time < end) for start, end in spans])
    )


def _same_numbers(inside: DataFrame) -> Column:
    """Rows of the same dates and symbols whose feed number lies in the range of those inside.

    Only a tick with a feed number can come again in another window: the id of one without is made from
    its time too. The file statistics of `seq` keep this from reading the whole day.
    """
    spans = (
        inside.where(has_number())
        .groupBy("trade_date", "symbol")
        .agg(F.min("seq").alias("low"), F.max("seq").alias("high"))
        .collect()
    )
    return has_number() & _any_of([_span(row) for row in _bounded(spans)])


def _bounded(spans: list[Row]) -> list[Row]:
    """The spans, or one that covers them all when they would make too long a condition."""
    if len(spans) <= _MAX_SYMBOLS_APART:
        return spans
    low, high = min(span.low for span in spans), max(span.high for span in spans)
    dates = sorted({span.trade_date for span in spans})
    return [Row(trade_date=one, symbol=None, low=low, high=high) for one in dates]


def _span(span: Row) -> Column:
    condition = (F.col("trade_date") == span.trade_date) & F.col("seq").between(span.low, span.high)
    return condition if span.symbol is None else condition & (F.col("symbol") == span.symbol)


def _any_of(conditions: Iterable[Column]) -> Column:
    united = F.lit(False)
    for condition in conditions:
        united = united | condition
    return united
