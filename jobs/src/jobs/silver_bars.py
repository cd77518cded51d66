"""Five-minute bars from ticks: exact, and the same for any order, repetition or split of the ticks."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

WINDOW_US = 300_000_000
"""Windows are half-open, aligned to the epoch; none crosses midnight UTC."""

WindowKey = tuple[str, int]
"""(symbol, window_start_us)"""

WINDOW = ("window_start_us", "symbol", "trade_date")
"""What groups the ticks of a window. The number comes first: sorting by it seldom has to compare strings."""


def window_start_us(ts_event_us: Column) -> Column:
    """Start of the window an event falls in, microseconds since 1970-01-01 UTC."""
    return ts_event_us - ts_event_us % WINDOW_US


def with_window(ticks: DataFrame) -> DataFrame:
    """The ticks with `window_start_us`."""
    return ticks.withColumn("window_start_us", window_start_us(F.col("ts_event_us")))


def has_number() -> Column:
    """Whether the feed numbered the tick: then its id is source/symbol/number."""
    return F.contains("tick_id", F.lit("/"))


def distinct_ticks(ticks: DataFrame) -> DataFrame:
    """One row per tick_id of a symbol and trade date: the one that was accepted first."""
    return with_window(_first_accepted(ticks, ("symbol", "trade_date", "tick_id")))


def _first_accepted(ticks: DataFrame, key: tuple[str, ...]) -> DataFrame:
    content = ("ts_event_us", "seq", "price_e8", "volume", "currency")
    first = F.min(F.struct("kafka_offset", "kafka_partition", *content)).alias("first")
    return ticks.groupBy(*key).agg(first).select(*key, "first.*")


def transform(ticks: DataFrame) -> DataFrame:
    """Bars of the windows of these ticks; every tick of each window must be there, repetitions may be.

    Evaluating the result raises when a window has more than one currency.
    """
    return _one_currency(bars_of(distinct_ticks(ticks)))


def bars_by_window(ticks: DataFrame) -> DataFrame:
    """Bars of these ticks, which have `window_start_us`, when no tick_id is in two windows.

    Beside the columns of a bar: `number_low` and `number_high` span the feed numbers of its ticks, null when
    none has one; `mixed` tells that there is more than one currency.
    """
    # Placed by window, a distinct tick and its bar need one exchange and one sort for both.
    distinct = _first_accepted(ticks.repartition(*WINDOW), (*WINDOW, "tick_id"))
    number = F.when(has_number(), F.col("seq"))
    spans = (F.min(number).alias("number_low"), F.max(number).alias("number_high"))
    return _with_prices(_sums(distinct, *spans), "number_low", "number_high")


def bars_of(ticks: DataFrame) -> DataFrame:
    """Bars of the windows of these distinct ticks, which have `window_start_us`.

    Prices are decimal(28,8); notional_e8 = sum(price_e8*volume) is an integer; vwap = notional / volume,
    rounded once, half-even, to 8 places, null when the volume is 0. Open and close are by (ts_event_us, seq,
    tick_id).
    `last_offset` is the newest tick in the bar by arrival: a tick with a higher offset came later.
    `mixed` tells that the window has more than one currency: then the numbers mean nothing.
    Evaluating the result raises when a sum exceeds its type.
    """
    return _with_prices(_sums(ticks))


def _sums(ticks: DataFrame, *more: Column) -> DataFrame:
    order = F.struct("ts_event_us", "seq", "tick_id", "price_e8")
    notional = F.col("price_e8").cast("decimal(19,0)") * F.col("volume").cast("decimal(19,0)")
    return ticks.groupBy(*WINDOW).agg(
        F.min(order).alias("first"),
        F.max(order).alias("last"),
        F.max("price_e8").alias("high_e8"),
        F.min("price_e8").alias("low_e8"),
        F.sum(notional).cast("decimal(38,0)").alias("notional_e8"),
        F.sum("volume").alias("volume"),
        F.count("*").alias("trades"),
        F.min("currency").alias("currency"),
        F.max("currency").alias("other_currency"),
        F.max("kafka_partition").alias("kafka_partition"),
        F.max("kafka_offset").alias("last_offset"),
        *more,
    )


def _with_prices(sums: DataFrame, *more: str) -> DataFrame:
    return sums.select(
        "symbol",
        "trade_date",
        F.timestamp_micros("window_start_us").alias("window_start"),
        F.timestamp_micros(F.col("window_start_us") + WINDOW_US).alias("window_end"),
        _unscaled(F.col("first.price_e8")).alias("open"),
        _unscaled(F.col("high_e8")).alias("high"),
        _unscaled(F.col("low_e8")).alias("low"),
        _unscaled(F.col("last.price_e8")).alias("close"),
        _unscaled(_divided_half_even()).alias("vwap"),
        "notional_e8",
        "volume",
        "trades",
        "currency",
        F.col("first.tick_id").alias("first_tick_id"),
        F.col("last.tick_id").alias("last_tick_id"),
        F.timestamp_micros("last.ts_event_us").alias("as_of"),
        "kafka_partition",
        "last_offset",
        (F.col("currency") != F.col("other_currency")).alias("mixed"),
        *more,
    )


def _one_currency(bars: DataFrame) -> DataFrame:
    mixed = F.concat_ws(
        " ", F.lit("more than one currency in a window:"), F.col("symbol"), F.col("window_start")
    )
    return bars.where(F.assert_true(~F.col("mixed"), mixed).isNull()).drop("mixed")


def _unscaled(price_e8: Column) -> Column:
    """Integer times 10^-8 as decimal(28,8); exact."""
    return (price_e8.cast("decimal(19,0)") * F.lit("0.00000001").cast("decimal(8,8)")).cast("decimal(28,8)")


def _divided_half_even() -> Column:
    """notional_e8 / volume rounded half-even to an integer, in integers; null when the volume is 0."""
    return F.expr(
        """
        CASE WHEN volume = 0 THEN NULL
             WHEN 2 * (notional_e8 % volume) > volume THEN notional_e8 div volume + 1
             WHEN 2 * (notional_e8 % volume) = volume
             THEN notional_e8 div volume + (notional_e8 div volume) % 2
             ELSE notional_e8 div volume END
        """
    )
