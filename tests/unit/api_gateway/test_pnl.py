"""Profit and loss over REST: periods of frozen days, the running day, and what is missing."""

import datetime as dt
from decimal import Decimal as D
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api_gateway.app import protected
from api_gateway.core.past import Moment
from api_gateway.core.pnl import Record, RunningDay, StoredPnl, pnl
from api_gateway.core.view import View
from api_gateway.schemas.pnl import Pnl, PnlPeriod
from api_gateway.security.door import Security
from api_gateway.security.file_key import KeyFile
from api_gateway.state import Gateway
from chassis.clock import FixedClock
from chassis.health import Health
from contracts import Valuation
from quant.money import round_rate
from testkit.builders import make_portfolio, make_valuation

KEY = "unit-test-key-0123456789"
DATES = [dt.date(2013, 10, day) for day in (1, 2, 3, 4, 7)]
MONDAY, TUESDAY = DATES[-1], dt.date(2013, 10, 8)


def row(date: dt.date, symbol: str = "IBM", price: str = "10", **more: Any) -> StoredPnl:
    return StoredPnl(
        symbol=symbol,
        date=date,
        price=D(price),
        fx=D("0.5"),
        trading=D(0),
        income=D(0),
        fees=D(1),
        opening_value=D(1000),
        closing_value=D(1010),
        flow=D(0),
        realized=D(-1),
        **more,
    )


def unknown(date: dt.date, symbol: str = "AIG") -> StoredPnl:
    return StoredPnl(symbol=symbol, date=date, reason="no_price")


def asked(
    rows: list[StoredPnl],
    period: PnlPeriod = "mtd",
    date: dt.date = MONDAY,
    frozen: list[dt.date] | None = None,
    live: Any = None,
) -> Pnl:
    covered = frozenset(DATES if frozen is None else frozen)
    return pnl("P", "EUR", period, date, Record(rows, covered, dt.date(2013, 1, 2)), live)


def running(date: dt.date = TUESDAY) -> RunningDay:
    return RunningDay(date, (row(date, price="5.5"),))


def test_a_month_is_the_sum_of_its_days() -> None:
    found = asked([row(date) for date in DATES])
    assert found.parts is not None
    assert found.parts.total.amount == D("47.5")
    assert (found.parts.price.amount, found.parts.fees.amount) == (50, 5)
    assert found.parts.hypothetical.amount == D("52.5")
    assert found.since == dt.date(2013, 9, 30)
    assert found.time_weighted_return == round_rate(D("1.0095") ** 5 - 1)
    assert found.coverage.complete
    assert found.opening_value is not None
    assert found.opening_value.amount == 1000


def test_a_missing_day_leaves_the_period_without_total_and_is_named() -> None:
    found = asked([row(date) for date in DATES if date.day != 3], frozen=[d for d in DATES if d.day != 3])
    assert (found.parts, found.time_weighted_return) == (None, None)
    assert found.reason == found.return_reason == "missing_day"
    assert "2013-10-03" in (found.message or "")
    assert found.coverage.missing_days == (dt.date(2013, 10, 3),)


def test_a_frozen_day_without_rows_brought_nothing() -> None:
    found = asked([row(MONDAY)])
    assert found.parts is not None
    assert found.parts.total.amount == D("9.5")
    assert found.reason is None


def test_days_before_anything_was_held_are_not_missing() -> None:
    record = Record([row(MONDAY)], frozenset([MONDAY]), MONDAY)
    assert pnl("P", "EUR", "ytd", MONDAY, record, None).reason is None


def test_an_unknown_position_is_left_out_and_listed() -> None:
    found = asked([*(row(date) for date in DATES), unknown(MONDAY)])
    assert found.parts is not None
    assert found.parts.total.amount == D("47.5")
    assert [(one.symbol, one.date, one.reason) for one in found.coverage.unknown] == [
        ("AIG", MONDAY, "no_price")
    ]
    assert not found.coverage.complete
    assert (found.time_weighted_return, found.return_reason) == (None, "unpriced")
    (aig,) = [line for line in found.lines if line.symbol == "AIG"]
    assert (aig.parts, aig.unknown_days) == (None, 1)


def test_a_day_of_which_nothing_is_known_is_not_zero() -> None:
    found = asked([unknown(MONDAY)], "day")
    assert (found.parts, found.reason) == (None, "unpriced")


def test_movers_and_extreme_days() -> None:
    found = asked([row(DATES[0], "IBM", "10"), row(DATES[1], "AIG", "-20"), row(DATES[1], "BAC", "3")])
    assert [one.symbol for one in found.gainers] == ["IBM", "BAC"]
    assert [one.symbol for one in found.losers] == ["AIG"]
    assert found.best_day is not None
    assert found.worst_day is not None
    assert (found.best_day.date, found.worst_day.date) == (DATES[0], DATES[1])


def test_the_running_day_goes_on_the_frozen_ones() -> None:
    found = asked([row(date) for date in DATES], date=TUESDAY, live=running())
    assert found.live
    assert found.parts is not None
    assert found.parts.total.amount == D("52.5")


def test_a_frozen_day_goes_before_the_running_one() -> None:
    found = asked([row(date) for date in DATES], date=MONDAY, live=running(MONDAY))
    assert not found.live
    assert found.parts is not None
    assert found.parts.total.amount == D("47.5")


def test_a_running_line_that_cannot_be_told_is_listed() -> None:
    found = asked([], "day", TUESDAY, frozen=[], live=RunningDay(TUESDAY, (unknown(TUESDAY),)))
    assert found.reason == "unpriced"


class Stored:
    """A record as the database would give it."""

    def __init__(self, rows: list[StoredPnl], frozen: list[dt.date]) -> None:
        self.pnl = self.past = self
        self.rows, self.frozen = rows, frozen
        self.asked: list[dt.datetime | None] = []

    async def last_frozen(self, portfolio_id: str, known_at: dt.datetime | None) -> dt.date | None:
        self.asked.append(known_at)
        return max(self.frozen, default=None)

    async def valuation(self, portfolio_id: str, past: Moment) -> Valuation:
        assert past.as_of is not None
        assert past.as_of.date() == max(self.frozen)
        rates = {"USD": D(1), "EUR": D("1.5")}
        return make_valuation(portfolio_id, "16:00", basis="bar", fx_rates=rates)

    async def record(
        self, portfolio_id: str, first: dt.date, last: dt.date, known_at: dt.datetime | None
    ) -> Record:
        self.asked.append(known_at)
        rows = [one for one in self.rows if first <= one.date <= last]
        return Record(rows, frozenset(self.frozen), dt.date(2013, 1, 2))


def client(tmp_path: Path, stored: Stored) -> httpx.AsyncClient:
    view, nothing = View(), cast(Any, None)
    view.put_portfolio(make_portfolio("P"))
    gateway = Gateway(view, Health(), FixedClock(), cast(Any, stored), nothing, nothing, nothing, nothing)
    key_file = tmp_path / "key"
    key_file.write_text(KEY)
    transport = httpx.ASGITransport(app=protected(gateway, Security(KeyFile(key_file)), 1000))
    return httpx.AsyncClient(transport=transport, base_url="http://gateway", headers={"X-API-Key": KEY})


async def test_the_last_frozen_day_is_the_default(tmp_path: Path) -> None:
    answer = await client(tmp_path, Stored([row(MONDAY)], DATES)).get("/v1/portfolios/P/pnl")
    body = answer.json()
    assert (answer.status_code, body["date"], body["parts"]["total"]["amount"]) == (200, "2013-10-07", "9.5")
    assert (body["period"], body["last_frozen"], body["live"]) == ("day", "2013-10-07", False)


async def test_another_currency_is_at_one_rate_and_parts_still_add_up(tmp_path: Path) -> None:
    stored = Stored([row(MONDAY)], DATES)
    answer = await client(tmp_path, stored).get("/v1/portfolios/P/pnl", params={"currency": "EUR"})
    parts = {name: D(one["amount"]) for name, one in answer.json()["parts"].items()}
    assert parts["total"] == parts["price"] + parts["fx"] + parts["trading"] + parts["income"] - parts["fees"]
    assert abs(parts["total"] - D("9.5") / D("1.5")) < D("1e-7")
    refused = await client(tmp_path, stored).get("/v1/portfolios/P/pnl", params={"currency": "JPY"})
    assert (refused.status_code, refused.json()["available"]) == (409, ["EUR", "USD"])


async def test_what_was_known_then_is_asked_in_utc(tmp_path: Path) -> None:
    stored = Stored([row(MONDAY)], DATES)
    asked = {"known_at": "2013-10-08T02:00:00+02:00"}
    assert (await client(tmp_path, stored).get("/v1/portfolios/P/pnl", params=asked)).status_code == 200
    assert stored.asked == [dt.datetime(2013, 10, 8, tzinfo=dt.UTC)] * 2


@pytest.mark.parametrize(("path", "status"), [("P", 422), ("NOPE", 404)])
async def test_what_makes_no_sense_is_refused(tmp_path: Path, path: str, status: int) -> None:
    answer = await client(tmp_path, Stored([], DATES)).get(f"/v1/portfolios/{path}/pnl?date=2013-10-05")
    assert answer.status_code == status


async def test_before_the_first_end_of_day_everything_is_missing(tmp_path: Path) -> None:
    body = (await client(tmp_path, Stored([], [])).get("/v1/portfolios/P/pnl?period=ytd")).json()
    assert (body["parts"], body["reason"], body["date"]) == (None, "missing_day", None)


def test_a_day_that_is_not_known_is_neither_the_best_nor_worth_zero() -> None:
    found = asked([unknown(MONDAY)], period="day")
    assert (found.parts, found.opening_value, found.best_day, found.worst_day) == (None, None, None, None)
