"""Silver bars as messages and as rows of ops.price_bar and ops.restatement."""

from typing import Any

from chassis.clock import from_us
from contracts import Bar
from jobs.revisions import CONTENT, SilverBar
from jobs.silver_run import LateTicks
from store import tables


def to_message(bar: SilverBar) -> Bar:
    """The final bar as it goes to marketdata.bars.v1."""
    return Bar(
        symbol=bar.symbol,
        window_start=from_us(bar.window_start_us),
        window_end=from_us(bar.window_end_us),
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        vwap=bar.vwap,
        volume=bar.volume,
        trades=bar.trades,
        currency=bar.currency,
        status="final",
        revision=bar.revision,
        first_tick_id=bar.first_tick_id,
        last_tick_id=bar.last_tick_id,
        as_of=from_us(bar.as_of_us),
        recorded_at=from_us(bar.recorded_at_us),
        close_reporting=bar.close_reporting,
        reporting_currency=bar.reporting_currency,
        reporting_rate=bar.reporting_rate,
    )


def to_row(bar: SilverBar) -> dict[str, Any]:
    """The same bar as a row of ops.price_bar; its evidence names the ticks and rates it is made of."""
    message = to_message(bar)
    evidence = {
        "ticks": {"count": bar.trades, "partition": bar.kafka_partition, "last_offset": bar.last_offset},
        "rates": bar.rate_sources,
    }
    return {
        **{name: getattr(message, name) for name in Bar.__struct_fields__},
        "trade_date": bar.trade_date,
        "evidence": evidence,
    }


def to_restatement(was: SilverBar, became: SilverBar, late: LateTicks | None) -> dict[str, Any]:
    """The row of ops.restatement for a corrected bar: the fields that changed and the ticks behind it."""
    changed = [name for name in CONTENT if getattr(was, name) != getattr(became, name)]
    late = late or LateTicks(0, ())
    return {
        "relation": tables.PriceBar.table().name,
        "row_key": f"{became.symbol}|{from_us(became.window_start_us).isoformat()}",
        "was": {name: getattr(was, name) for name in changed},
        "became": {name: getattr(became, name) for name in changed},
        "cause": "late_ticks",
        "revision": became.revision,
        "recorded_at": from_us(became.recorded_at_us),
        "evidence": {"late_ticks": late.count, "tick_ids": list(late.tick_ids)},
    }
