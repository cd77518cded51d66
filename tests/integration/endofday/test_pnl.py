"""The step `pnl` on real closes and rates, against a calculation of its own kind in the test."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from tests.integration.endofday.books import (
    AT,
    DAY,
    FILLS,
    FRIDAY,
    HELD,
    close,
    freeze,
    frozen,
    instrument,
    midnight,
    position,
    usd_in_eur,
    write,
)

from store import tables
from store.bulk import insert_rows
from store.database import Connection

pytestmark = pytest.mark.integration


def test_parts_and_total_of_a_real_day(database: Any) -> None:
    write(database, tables.Fill, FILLS)
    freeze(database)
    rows = frozen(database)
    fx0, fx1 = usd_in_eur(FRIDAY), usd_in_eur(DAY)
    assert set(rows) == set(HELD)
    for symbol, units in HELD.items():
        row, p0, p1 = rows[symbol], close(symbol, FRIDAY), close(symbol, DAY)
        assert abs(row["price"] - units * (p1 - p0) * fx1) < D("1e-7")
        assert abs(row["fx"] - units * p0 * (fx1 - fx0)) < D("1e-7")
        assert row["total"] == row["price"] + row["fx"] + row["trading"] + row["income"] - row["fees"]
        assert row["currency"] == "EUR"
    aig, p1 = rows["AIG"], close("AIG", DAY)
    assert abs(aig["trading"] - (20 * (p1 - D("49.10")) - 60 * (p1 - D("48.90"))) * fx1) < D("1e-7")
    assert abs(aig["fees"] - D("3.25") * fx1) < D("1e-7")
    assert (aig["opening_quantity"], aig["closing_quantity"]) == (100, 60)
    assert (
        abs(aig["realized"] - (60 * (D("48.90") - (D(1000) + 982) / 120) * fx1 - aig["fees"])) < 5
    )  # + FX on cost
    assert aig["evidence"]["fills"] == ["f1", "f2"]
    assert aig["evidence"]["prices"] == ["daily:AIG:2013-10-04:1", "daily:AIG:2013-10-07:1"]
    assert rows["IBM"]["trading"] == 0  # executed after the close: the next day's


def test_a_fill_after_the_close_is_the_next_days(database: Any) -> None:
    write(database, tables.Fill, FILLS)
    tuesday = dt.date(2013, 10, 8)
    freeze(database, DAY, tuesday)
    today, next_day = frozen(database)["IBM"], frozen(database, date=tuesday)["IBM"]
    assert today["closing_quantity"] == next_day["opening_quantity"] == 30
    assert today["closing_value"] == next_day["opening_value"]
    assert next_day["closing_quantity"] == 35
    gain = 5 * (close("IBM", tuesday) - D("181.50")) * usd_in_eur(tuesday)
    assert abs(next_day["trading"] - gain) < D("1e-7")


def test_a_parent_holds_what_is_below_it(database: Any) -> None:
    freeze(database)
    rows = frozen(database, "TOP")
    assert rows["AIG"]["opening_quantity"] == 101
    assert rows["AIG"]["total"] == 101 * (close("AIG", DAY) - close("AIG", FRIDAY))
    assert rows["AIG"]["fx"] == 0
    assert set(rows) == set(HELD)


def test_a_repeat_writes_nothing_and_a_correction_restates(database: Any) -> None:
    (first,) = freeze(database)
    (again,) = freeze(database)
    assert (first["written"], again["written"]) == (8, 0)
    write(
        database, tables.DailyPrice, [{"symbol": "SPY", "date": DAY, "close": D("167.50"), "currency": "USD"}]
    )
    (corrected,) = freeze(database)
    assert (corrected["written"], corrected["restated"]) == (2, 2)
    row = frozen(database)["SPY"]
    assert (row["revision"], row["closing_price"]) == (2, D("167.50"))
    assert row["evidence"]["prices"][1] == "daily:SPY:2013-10-07:2"


def test_a_position_that_a_correction_takes_away_becomes_zero(database: Any) -> None:
    freeze(database)
    write(database, tables.Position, [position("EU", "SPY", D(0))])
    freeze(database)
    row = frozen(database)["SPY"]
    assert (row["revision"], row["total"], row["opening_quantity"]) == (2, 0, 0)
    (again,) = freeze(database)
    assert again["written"] == 0


def test_a_final_bar_of_the_session_goes_before_the_daily_close(database: Any) -> None:
    start = dt.datetime(2013, 10, 7, 19, 50, tzinfo=dt.UTC)
    bars = [
        bar(start, "48.80"),
        bar(start + dt.timedelta(minutes=5), "48.75"),
        bar(start.replace(hour=20), "47"),
    ]
    write(database, tables.PriceBar, bars)  # the last one is after the close
    freeze(database)
    row = frozen(database)["AIG"]
    assert row["closing_price"] == D("48.75")
    assert row["evidence"]["prices"][1] == "bar:AIG:2013-10-07T19:55:00Z:1"


def bar(start: dt.datetime, price: str, symbol: str = "AIG") -> dict[str, Any]:
    return {
        "symbol": symbol,
        "window_start": start,
        "window_end": start + dt.timedelta(minutes=5),
        "trade_date": start.date(),
        **dict.fromkeys(("open", "high", "low", "close"), D(price)),
        "volume": 1,
        "trades": 1,
        "currency": "USD",
        "status": "final",
        "first_tick_id": "a",
        "last_tick_id": "b",
        "as_of": start + dt.timedelta(minutes=4),
    }


def test_the_rate_is_that_of_17_00_in_new_york(database: Any) -> None:
    before, after = (
        dt.datetime(2013, 10, 7, 20, 55, tzinfo=dt.UTC),
        dt.datetime(2013, 10, 7, 21, tzinfo=dt.UTC),
    )
    write(database, tables.PriceBar, [bar(before, "1.25", "EURUSD"), bar(after, "2", "EURUSD")])
    freeze(database)
    row = frozen(database)["AIG"]
    assert row["closing_fx_rate"] == D("0.8")
    assert row["evidence"]["rates"][1] == "bar:EURUSD:2013-10-07T20:55:00Z:1"


def test_a_session_without_a_close_is_unknown_and_not_zero(database: Any) -> None:
    write(database, tables.Instrument, [instrument("WM")])
    write(database, tables.Position, [position("EU", "WM", D(5))])
    (told,) = freeze(database)
    row = frozen(database)["WM"]
    assert (row["reason"], row["total"], row["closing_quantity"]) == ("no_price", None, 5)
    assert told["unknown"] == 2
    assert "previous close" in row["evidence"]["message"]


OPTION = "IBM 2013-12-21 C 180"


def option_value(date: dt.date, hour: int, price: str, revision: int = 1) -> dict[str, Any]:
    as_of = dt.datetime(date.year, date.month, date.day, hour, tzinfo=dt.UTC)
    return {
        "portfolio_id": "EU",
        "symbol": OPTION,
        "as_of": as_of,
        "basis": "bar",
        "valuation_id": f"EU:bar:{as_of}",
        "quantity": D(2),
        "average_cost": D(5),
        "multiplier": D(100),
        "currency": "USD",
        "price": D(price),
        "position_as_of": AT,
        "position_version": 1,
        "stale": False,
        "revision": revision,
    }


def test_an_untraded_option_closes_at_its_last_official_value(database: Any) -> None:
    write(
        database,
        tables.Instrument,
        [instrument(OPTION, asset_class="option", multiplier=D(100))],
    )
    write(database, tables.Position, [position("EU", OPTION, D(2))])
    freeze(database)
    assert frozen(database)[OPTION]["reason"] == "no_price"
    values = [
        option_value(FRIDAY, 19, "6.10"),
        option_value(FRIDAY, 20, "6.25"),
        option_value(FRIDAY, 21, "9"),  # after the close
        option_value(DAY, 20, "7"),
        option_value(DAY, 20, "6.75", revision=2),
    ]

    async def store(conn: Connection) -> None:
        await insert_rows(conn, tables.PositionValuation, values)

    database.transaction(store)
    freeze(database)
    row = frozen(database)[OPTION]
    assert (row["opening_price"], row["closing_price"]) == (D("6.25"), D("6.75"))
    assert abs(row["price"] - 200 * D("0.5") * usd_in_eur(DAY)) < D("1e-7")
    assert row["evidence"]["prices"] == [
        f"valuation:EU:{OPTION}:2013-10-04T20:00:00Z:1",
        f"valuation:EU:{OPTION}:2013-10-07T20:00:00Z:2",
    ]
    listed = [{"symbol": OPTION, "date": DAY, "close": D("6.80"), "currency": "USD"}]
    write(database, tables.DailyPrice, listed)  # a price that was paid goes before one of a model
    freeze(database)
    assert frozen(database)[OPTION]["closing_price"] == D("6.80")


def test_a_weekday_without_session_moves_with_the_rate_alone(database: Any) -> None:
    labour_day = dt.date(2013, 9, 2)
    rates = [("2013-08-30", "1.3200"), ("2013-09-02", "1.3100")]
    write(
        database,
        tables.FxRate,
        [
            {"pair": "EURUSD", "as_of": midnight(dt.date.fromisoformat(day)), "rate": D(rate)}
            for day, rate in rates
        ],
    )
    friday_close = {"symbol": "AIG", "date": dt.date(2013, 8, 30), "close": D("46.46"), "currency": "USD"}
    write(database, tables.DailyPrice, [friday_close])
    freeze(database, labour_day)
    row = frozen(database, date=labour_day)["AIG"]
    assert (row["price"], row["trading"]) == (0, 0)
    assert row["total"] == row["fx"]
    assert abs(row["fx"] - D(4646) * (1 / D("1.31") - 1 / D("1.32"))) < D("1e-7")
