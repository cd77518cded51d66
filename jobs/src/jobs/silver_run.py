"""The Silver job's reads and writes of bars: what touched windows became, and the ticks that came late."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

from jobs import silver_bars
from jobs.bar_table import BARS_SCHEMA, collect_bars, collect_by_window, collect_marked, merge_bars
from jobs.fx_history import FxHistory, Quote
from jobs.lake import Lake, create_table, local_frame, read_table
from jobs.revisions import ReportingRule, SilverBar, revised, with_reporting_close
from jobs.silver_bars import WindowKey
from jobs.touched_ticks import Window, in_two_windows, rows_of, ticks_of

_SPAN_SCHEMA = StructType(
    [
        StructField("symbol", StringType()),
        StructField("window_start_us", LongType()),
        StructField("revision", IntegerType()),
        StructField("known_partition", IntegerType()),
        StructField("low", LongType()),
        StructField("high", LongType()),
    ]
)
WINDOWS_PER_ROUND = 20_000
LATE_TICKS_NAMED = 20
RATE_LOOKBACK_DAYS = 10


BarKey = tuple[str, int, int]
"""(symbol, window_start_us, revision)"""
Correction = tuple[SilverBar, SilverBar]
"""(what was, what it became): a revision and the next"""


@dataclass(frozen=True, slots=True)
class LateTicks:
    """The ticks that came after a revision was made: how many, and the first few by id."""

    count: int
    tick_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finalised:
    """One round: every revision of the windows' bars, which of those this round added, and the windows that
    have more than one currency. Those get no revision: an earlier one stays, a wrong one is never made."""

    bars: tuple[SilverBar, ...]
    changed: tuple[SilverBar, ...]
    mixed: tuple[WindowKey, ...] = ()


class SilverRun:
    """Reads and writes the Silver tables; one at a time per lake, which the caller sees to."""

    def __init__(self, spark: SparkSession, lake: Lake, rule: ReportingRule) -> None:
        self._spark = spark
        self._lake = lake
        self._rule = rule
        create_table(lake.silver_bars, to_arrow_schema(BARS_SCHEMA), ("trade_date",))

    def finalise(
        self, windows: Sequence[Window], now_us: int, fx_symbols: frozenset[str], daily_rates: FxHistory
    ) -> Finalised:
        """Recompute these windows whole and store every bar that is new or changed as a new revision.

        Repeating it changes nothing. Parameters: at most WINDOWS_PER_ROUND windows; our time; which symbols
        are FX pairs; daily rates beside their closes.
        """
        bars, mixed = self._recomputed(windows)
        stored = self._stored(windows)
        latest = {bar.key: bar for bar in sorted(stored, key=lambda bar: bar.revision)}
        changed = revised(bars, latest, now_us)
        if changed:
            changed = self._with_reporting(changed, fx_symbols, daily_rates)
            merge_bars(self._spark, self._lake.silver_bars, changed)
        return Finalised((*stored, *changed), tuple(changed), tuple(mixed))

    def late_ticks(self, corrections: Sequence[Correction]) -> dict[BarKey, LateTicks]:
        """The ticks that came between a revision and the next, by symbol, window and the later revision."""
        if not corrections:
            return {}
        windows = [_window_of(became) for _, became in corrections]
        ticks = ticks_of(read_table(self._spark, self._lake.bronze_ticks), windows)
        spans = [
            {
                "symbol": now.symbol,
                "window_start_us": now.window_start_us,
                "revision": now.revision,
                "known_partition": was.kafka_partition,
                "low": was.last_offset,
                "high": now.last_offset,
            }
            for was, now in corrections
        ]
        known = local_frame(self._spark, spans, _SPAN_SCHEMA)
        offset = F.col("kafka_offset")
        moved = F.col("kafka_partition") != F.col("known_partition")
        rows = (
            ticks.join(F.broadcast(known), ["symbol", "window_start_us"])
            .where((moved | (offset > F.col("low"))) & (offset <= F.col("high")))
            .groupBy("symbol", "window_start_us", "revision")
            .agg(
                F.count("*").alias("late"),
                F.slice(F.sort_array(F.collect_list("tick_id")), 1, LATE_TICKS_NAMED).alias("tick_ids"),
            )
            .collect()
        )
        return {
            (row.symbol, row.window_start_us, row.revision): LateTicks(row.late, tuple(row.tick_ids))
            for row in rows
        }

    def _recomputed(self, windows: Sequence[Window]) -> tuple[list[SilverBar], list[WindowKey]]:
        """The bars of all ticks of the windows, and which windows no bar can be made of.

        Made window by window, and again across the day where a tick may have come in two windows.
        """
        bronze = read_table(self._spark, self._lake.bronze_ticks)
        found = collect_by_window(silver_bars.bars_by_window(rows_of(bronze, windows)))
        spans = [one.numbers for one in found if one.numbers is not None]
        doubtful = in_two_windows(bronze, windows, spans) | {one.bar.key for one in found if one.mixed}
        sure = [one.bar for one in found if one.bar.key not in doubtful]
        if not doubtful:
            return sure, []
        again = [window for window in windows if window.key in doubtful]
        marked = collect_marked(silver_bars.bars_of(ticks_of(bronze, again)))
        sure += [bar for bar, mixed in marked if not mixed]
        return sure, [bar.key for bar, mixed in marked if mixed]

    def _stored(self, windows: Sequence[Window]) -> list[SilverBar]:
        """Every revision of the windows' bars."""
        keys = {window.key for window in windows}
        dates = sorted({window.trade_date for window in windows})
        bars = read_table(self._spark, self._lake.silver_bars).where(F.col("trade_date").isin(dates))
        low = F.timestamp_micros(F.lit(min(window.window_start_us for window in windows)))
        high = F.timestamp_micros(F.lit(max(window.window_start_us for window in windows)))
        found = collect_bars(bars.where(F.col("window_start").between(low, high)))
        return [bar for bar in found if bar.key in keys]

    def _with_reporting(
        self, bars: Iterable[SilverBar], fx_symbols: frozenset[str], daily_rates: FxHistory
    ) -> list[SilverBar]:
        """The bars with their reporting close, at the rates of these bars, of stored ones and of the days."""
        listed = list(bars)
        history = daily_rates.copy()
        if any(bar.currency != self._rule.currency for bar in listed):
            for bar in (*self._stored_rates(listed, fx_symbols), *listed):
                if bar.symbol in fx_symbols:
                    history.add(bar.symbol, _quote_of(bar))
        return [with_reporting_close(bar, history, self._rule) for bar in listed]

    def _stored_rates(self, bars: Iterable[SilverBar], fx_symbols: frozenset[str]) -> list[SilverBar]:
        dates = [bar.trade_date for bar in bars]
        stored = read_table(self._spark, self._lake.silver_bars)
        recent = F.date_sub(F.lit(min(dates)), RATE_LOOKBACK_DAYS)
        return collect_bars(
            stored.where(
                F.col("trade_date").between(recent, F.lit(max(dates))) & F.col("symbol").isin(*fx_symbols)
            )
        )


def _quote_of(bar: SilverBar) -> Quote:
    return Quote(
        bar.window_end_us, bar.revision, bar.close, f"{bar.symbol} bar {bar.window_end_us} r{bar.revision}"
    )


def _window_of(bar: SilverBar) -> Window:
    return Window(bar.window_start_us, bar.symbol, bar.trade_date, bar.kafka_partition, 0)
