"""The steps that need only PostgreSQL: right numbers, a repeat changes nothing, late corrections."""

import asyncio
import datetime as dt
from decimal import Decimal as D
from typing import Any

import polars as pl
import pytest
from tests.integration.endofday.books import (
    AT,
    CENT,
    DAY,
    DEMO,
    FRIDAY,
    HELD,
    close,
    instrument,
    position,
    usd_in_eur,
    write,
)

from endofday.adapters.revalue import ONE_WRITER
from endofday.adapters.runs import Attempt
from endofday.runner import run_steps
from endofday.steps import STEPS, Step
from store import tables
from store.database import connect_pool

pytestmark = pytest.mark.integration

MONDAY_CLOSE = dt.datetime(2013, 10, 7, 21, tzinfo=dt.UTC)
SESSION_CLOSE = {
    FRIDAY: dt.datetime(2013, 10, 4, 20, tzinfo=dt.UTC),
    DAY: MONDAY_CLOSE - dt.timedelta(hours=1),
}
NEWCO, UNITS = "NEWCO", D(300)
WINDOW = dt.timedelta(minutes=5)
LIMITS = {"gross": ("gross", "", 1000.0), "var": ("historical_var", "confidence_bp=9900", 1e9)}


def bar(symbol: str, end: dt.datetime, price: str, currency: str = "USD") -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "close"), D(price))
    return {
        "symbol": symbol,
        "window_start": end - WINDOW,
        "window_end": end,
        "trade_date": end.date(),
        **prices,
        "vwap": D(price),
        "volume": 100,
        "trades": 1,
        "currency": currency,
        "first_tick_id": "a",
        "last_tick_id": "b",
        "status": "final",
        "as_of": end - dt.timedelta(seconds=1),
    }


def limit(name: str, measure: str, parameters: str, hard: float) -> dict[str, Any]:
    wanted = {"limit_id": name, "measure": measure, "parameters": parameters, "hard_level": hard}
    return {**wanted, "portfolio_id": "EU", "scope": "portfolio", "active": True}


@pytest.fixture
def book(database: Any) -> Any:
    """The demo book with a symbol and a pair that only bars know, two limits, and years of history."""
    old = pl.read_parquet(DEMO / "prices.parquet").filter(
        (pl.col("date") < dt.date(2013, 9, 30)) & pl.col("symbol").is_in(list(HELD))
    )
    rates = pl.read_parquet(DEMO / "fx.parquet").filter(
        (pl.col("date") < dt.date(2013, 9, 25)) & (pl.col("pair") == "EURUSD")
    )
    write(database, tables.DailyPrice, old.select("symbol", "date", "close", "currency").to_dicts())
    fixings = [
        {"pair": "EURUSD", "as_of": dt.datetime.combine(day, dt.time(), dt.UTC), "rate": D(str(rate))}
        for day, rate in rates.select("date", "rate").iter_rows()
    ]
    write(database, tables.FxRate, fixings)
    pair = instrument("GBPUSD", asset_class="fx", exchange="XOTC")
    write(database, tables.Instrument, [instrument(NEWCO), pair])
    write(database, tables.Position, [position("EU", NEWCO, UNITS)])
    for date, price, cable in ((FRIDAY, "20", "1.6"), (DAY, "21", "1.61")):
        ends = SESSION_CLOSE[date]
        bars = [bar(NEWCO, ends - 6 * WINDOW, "19"), bar(NEWCO, ends, price), bar("GBPUSD", ends, cable)]
        write(database, tables.PriceBar, bars)
    write(database, tables.LimitDefinition, [limit(name, *parts) for name, parts in LIMITS.items()])
    return database


def end_of_day(database: Any, *dates: dt.date) -> dict[str, Attempt]:
    """Every step of the dates; of several the last one's."""
    done = list(run_steps(database.dsn, dates or (DAY,), STEPS))
    assert [one.message for one in done if one.state != "done"] == []
    return {one.step: one for one in done}


def rows(database: Any, query: str, *values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in database.run(database.pool.fetch(query, *values))]


def closing(database: Any, portfolio: str = "EU", revision: int = 1) -> dict[str, Any]:
    query = "SELECT * FROM ops.portfolio_valuation WHERE as_of = $1 AND portfolio_id = $2 AND revision = $3"
    (found,) = rows(database, query, MONDAY_CLOSE, portfolio, revision)
    return found


def counts(database: Any) -> dict[str, int]:
    facts = [fact for fact in tables.FACTS if fact is not tables.Run]
    return {
        fact.table().name: database.run(database.pool.fetchval(f"SELECT count(*) FROM {fact.qualified()}"))
        for fact in facts
    }


def expected_value() -> D:
    held = sum(units * close(symbol, DAY) for symbol, units in HELD.items())
    return (held + UNITS * 21) * usd_in_eur(DAY)


def test_a_close_is_worth_what_its_prices_say_and_equals_the_profit_rows(book: Any) -> None:
    end_of_day(book, FRIDAY, DAY)
    found = closing(book)
    assert abs(found["market_value"] - expected_value()) < 10 * CENT
    assert found["coverage"]["complete"] is True
    frozen = "SELECT sum(closing_value) AS value, sum(total) AS total FROM ops.pnl_daily_latest"
    (profit,) = rows(book, frozen + " WHERE portfolio_id = 'EU' AND date = $1", DAY)
    assert profit["value"] == found["market_value"]
    assert D(found["daily_pnl"]["total"]) == profit["total"]
    top = closing(book, "TOP")
    assert top["members"] == ["EU"]
    lines = rows(
        book, "SELECT * FROM ops.position_valuation WHERE as_of = $1 AND portfolio_id = 'TOP'", MONDAY_CLOSE
    )
    assert {row["symbol"]: row["quantity"] for row in lines} == {**HELD, "AIG": D(101), NEWCO: UNITS}
    assert {row["valuation_id"] for row in lines} == {top["valuation_id"]}
    assert rows(book, "SELECT * FROM ops.restatement") == []


def test_bars_become_closes_and_fixings_only_where_none_were_loaded(book: Any) -> None:
    end_of_day(book)
    taken = "SELECT * FROM ops.daily_price WHERE evidence ->> 'source' = 'final_bars'"
    (price,) = rows(book, taken)
    assert (price["symbol"], price["date"], price["close"], price["low"]) == (NEWCO, DAY, 21, 19)
    assert price["volume"] == 200
    (rate,) = rows(book, "SELECT * FROM ops.fx_rate WHERE pair = 'GBPUSD'")
    assert (rate["as_of"], rate["rate"], rate["source"]) == (MONDAY_CLOSE, D("1.61"), "final_bars")
    write(book, tables.DailyPrice, [{"symbol": NEWCO, "date": DAY, "close": D(22), "currency": "USD"}])
    assert end_of_day(book)["closes"].rows_written == 0
    (known,) = rows(book, "SELECT close FROM ops.daily_price_latest WHERE symbol = $1", NEWCO)
    assert known["close"] == 22


def test_risk_and_limits_stand_on_the_closing_value(book: Any) -> None:
    end_of_day(book)
    numbers = rows(book, "SELECT * FROM ops.risk_metric WHERE as_of = $1", MONDAY_CLOSE)
    assert {row["portfolio_id"] for row in numbers} == {"EU", "TOP"}
    assert {row["valuation_id"] for row in numbers if row["portfolio_id"] == "EU"} == {
        closing(book)["valuation_id"]
    }
    var = [row for row in numbers if row["measure"] == "historical_var" and row["portfolio_id"] == "EU"]
    # A symbol without history makes the scenarios unknown, aloud.
    assert {(row["value"], row["reason"]) for row in var} == {(None, "no_history")}
    states = {row["limit_id"]: row for row in rows(book, "SELECT * FROM ops.limit_status")}
    assert (states["gross"]["state"], states["var"]["state"]) == ("BREACH", "UNKNOWN")
    assert "no_history" in states["var"]["message"]
    gross = closing(book)["gross_exposure"]
    assert states["gross"]["value"] == pytest.approx(float(gross))


def test_components_add_up_to_the_risk_of_what_is_held(book: Any) -> None:
    end_of_day(book)
    before = components(book)
    assert {row["reason"] for row in before} == {"no_history"}  # of the symbol that only bars know
    write(book, tables.Position, [position("EU", NEWCO, D(0))])
    end_of_day(book)
    after = components(book)
    assert {row["symbol"]: row["reason"] for row in after} == {**dict.fromkeys(HELD), NEWCO: "not_held"}
    totals = rows(
        book,
        "SELECT measure, value FROM ops.risk_metric_latest WHERE portfolio_id = 'EU'"
        " AND parameters LIKE 'confidence_bp=9900,%'",
    )
    assert {row["measure"] for row in totals} == {"historical_var", "expected_shortfall"}
    for total in totals:
        own = [row for row in after if row["measure"] == total["measure"] and row["reason"] is None]
        assert sum(row["component"] for row in own) == round(D(repr(total["value"])), 8)
        assert sum(row["percent"] for row in own) == pytest.approx(100)
        # More of BAC is sold short than is held of the others together, so it makes the risk.
        assert max(own, key=lambda row: row["component"])["symbol"] == "BAC"
    stored = counts(book)
    assert end_of_day(book)["risk"].rows_written == 0
    assert counts(book) == stored


def components(database: Any, portfolio: str = "EU") -> list[dict[str, Any]]:
    return rows(database, "SELECT * FROM ops.var_component_latest WHERE portfolio_id = $1", portfolio)


def test_hysteresis_goes_on_from_the_close_before(book: Any) -> None:
    end_of_day(book, FRIDAY, DAY)
    state = "SELECT state, value FROM ops.limit_status_latest WHERE limit_id = 'gross' AND date = $1"
    value = rows(book, state, DAY)[0]["value"]
    # A level just above Monday's value: no breach by itself, but still one after Friday's.
    write(book, tables.LimitDefinition, [{**limit("gross", "gross", "", value * 1.01), "hysteresis": 0.05}])
    end_of_day(book)
    assert rows(book, state, DAY)[0]["state"] == "BREACH"
    write(book, tables.LimitDefinition, [{**limit("gross", "gross", "", value * 1.01), "hysteresis": 0.0}])
    end_of_day(book)
    assert rows(book, state, DAY)[0]["state"] == "OK"


def test_a_repeat_changes_nothing(book: Any) -> None:
    end_of_day(book, FRIDAY, DAY)
    before = counts(book)
    again = end_of_day(book, FRIDAY, DAY)
    assert counts(book) == before
    assert {one.rows_written for one in again.values()} <= {0, None}
    assert {one.attempt for one in again.values()} == {2}


def test_a_late_correction_restates_and_keeps_what_was_known(book: Any) -> None:
    end_of_day(book, FRIDAY, DAY)
    before, known = closing(book), counts(book)
    write(book, tables.PriceBar, [bar(NEWCO, SESSION_CLOSE[DAY], "20.5")])
    again = end_of_day(book)
    after = closing(book, revision=2)
    lost = UNITS * D("0.5") * usd_in_eur(DAY)
    assert abs(before["market_value"] - after["market_value"] - lost) < 10 * CENT
    assert closing(book) == before
    assert {name: again[name].details["restated"] for name in ("closes", "revalue", "pnl")} == {
        "closes": 1,
        "revalue": 2,
        "pnl": 2,
    }
    told = rows(book, "SELECT * FROM ops.restatement WHERE relation = 'portfolio_valuation'")
    (one,) = [row for row in told if row["row_key"].startswith("EU|")]
    assert D(one["was"]["market_value"]) == before["market_value"]
    assert D(one["became"]["market_value"]) == after["market_value"]
    assert one["evidence"]["rows"] == ["bar:NEWCO:2013-10-07T19:55:00Z:2"]
    grown = {name for name, count in counts(book).items() if count > known[name]}
    assert {"pnl_daily", "risk_metric", "limit_status", "position_valuation"} <= grown


def test_a_price_that_misses_a_split_is_named(book: Any) -> None:
    write(book, tables.PriceBar, [bar(NEWCO, SESSION_CLOSE[DAY], "10.6")])
    assert end_of_day(book)["corporate-actions"].details["suspected"] == [NEWCO]
    split = {"symbol": NEWCO, "ex_date": DAY, "type": "split", "value": D(2)}
    write(book, tables.CorporateAction, [split])
    found = end_of_day(book)["corporate-actions"].details
    assert (found["suspected"], found["today"]) == ([], 1)
    line = rows(
        book, "SELECT quantity FROM ops.position_valuation WHERE symbol = $1 AND portfolio_id = 'EU'", NEWCO
    )
    assert {row["quantity"] for row in line} == {UNITS, 2 * UNITS}


def test_a_position_that_was_never_there_empties_the_value(book: Any) -> None:
    write(
        book,
        tables.Portfolio,
        [{"portfolio_id": "ONE", "valid_from": AT, "name": "1", "base_currency": "USD"}],
    )
    write(book, tables.Position, [position("ONE", "IBM", D(1))])
    end_of_day(book)
    assert closing(book, "ONE")["market_value"] == close("IBM", DAY)
    write(book, tables.Position, [position("ONE", "IBM", D(0))])
    end_of_day(book)
    assert closing(book, "ONE", 2)["market_value"] == 0


def test_an_option_keeps_the_terms_of_its_last_official_value(book: Any) -> None:
    call = "IBM C185"
    more = {"asset_class": "option", "underlying": "IBM", "option_right": "call", "strike": D(185)}
    write(book, tables.Instrument, [instrument(call, **more)])
    write(book, tables.Position, [position("EU", call, D(10))])
    names = ("strike", "years", "spot", "volatility", "interest_rate", "dividend_yield")
    greeks = ("delta", "gamma", "vega", "theta", "rho")
    terms = {
        "underlying": "IBM",
        "option_right": "call",
        "implied": True,
        **dict.fromkeys((*names, *greeks), 0.5),
    }
    line = {
        **{
            "portfolio_id": "EU",
            "symbol": call,
            "basis": "bar",
            "valuation_id": "noon",
            "asset_class": "option",
        },
        **{
            "quantity": D(10),
            "average_cost": D(10),
            "multiplier": D(1),
            "currency": "USD",
            "price": D("2.5"),
        },
        **{"as_of": SESSION_CLOSE[DAY], "position_as_of": AT, "position_version": 1, "stale": False},
    }
    write(book, tables.PositionValuation, [{**line, "option": terms}])
    end_of_day(book)
    stored = "SELECT price, option FROM ops.position_valuation WHERE portfolio_id = 'EU'"
    (found,) = rows(book, f"{stored} AND as_of = $1 AND symbol = $2", MONDAY_CLOSE, call)
    assert (found["price"], found["option"]) == (D("2.5"), terms)


LOCKS = {
    "closes": tables.DailyPrice.qualified(),
    "revalue": ONE_WRITER,
    "pnl": tables.PnlDaily.qualified(),
    "risk": tables.RiskMetric.qualified(),
    "limits": tables.LimitStatus.qualified(),
    "challenger": tables.Challenge.qualified(),
}
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def both_at_once(dsn: str, step: Step) -> list[int]:
    """What a step wrote, of two that both came as far as a lock that a third one held."""
    async with await connect_pool(dsn, max_size=5) as pool:
        async with pool.acquire() as holder:
            await holder.execute("SELECT pg_advisory_lock(hashtext($1))", LOCKS[step.name])
            two = asyncio.gather(step.run(pool, DAY), step.run(pool, DAY))
            while await holder.fetchval(_WAITING) < 2:
                assert not two.done(), two.exception()
                await asyncio.sleep(0.05)
        return sorted(done["written"] for done in await two)


def rows_of_risk(book: Any) -> int:
    """Of every revision: a row that was written twice counts twice."""
    counted = (
        "SELECT (SELECT count(*) FROM ops.risk_metric) + (SELECT count(*) FROM ops.var_component) AS total"
    )
    (found,) = rows(book, counted)
    return found["total"]


def test_of_two_at_once_the_second_waits_and_has_nothing_to_write(book: Any) -> None:
    for step in STEPS:
        if step.name in LOCKS:
            before = rows_of_risk(book)
            less, more = asyncio.run(both_at_once(book.dsn, step))
            if step.name == "risk":  # two tables, one after the other: each may have written one of them
                assert less + more == rows_of_risk(book) - before > 0
            else:
                assert (step.name, less, more > 0) == (step.name, 0, True)
    assert {step.name for step in STEPS} - LOCKS.keys() == {"corporate-actions"}, "which writes nothing"
