"""What backtests and explained changes read of the stored past."""

from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from api_gateway.adapters.repository import Repository
from api_gateway.core.past import Moment
from contracts.analysis.backtest import ActualDay
from store.database import connect_pool

pytestmark = pytest.mark.integration

EARLY, LATE = datetime(2013, 10, 7, 14, tzinfo=UTC), datetime(2013, 10, 8, 14, tzinfo=UTC)
VALUE = """
INSERT INTO ops.portfolio_valuation (portfolio_id, as_of, basis, valuation_id, currency, market_value,
    coverage, fx_rates, revision)
VALUES ('PAST', %s, 'bar', %s, 'USD', 100,
    '{"positions": 1, "priced": 1, "unpriced": 0, "stale": 0, "complete": true, "notes": []}',
    '{"USD": "1"}', 1)
"""
LINE = """
INSERT INTO ops.position_valuation (portfolio_id, symbol, as_of, basis, valuation_id, quantity,
    average_cost, multiplier, currency, market_value_base, position_as_of, position_version, stale, revision)
VALUES ('PAST', 'IBM', %s, 'bar', 'v', 1, 1, 1, 'USD', 100, %s, 1, false, 1)
"""
METRIC = """
INSERT INTO ops.risk_metric (portfolio_id, as_of, basis, measure, parameters, valuation_id, value, unit,
    details, definition, revision)
VALUES ('PAST', %s, 'bar', 'historical_var', %s, 'v', %s, 'USD', '{}', 1, 1)
"""
DAY = """
INSERT INTO ops.pnl_daily (portfolio_id, symbol, date, currency, opening_quantity, closing_quantity, fees,
    total, revision)
VALUES ('PAST', %s, %s, 'USD', 1, 1, %s, %s, 1)
"""
PARAMETERS = "confidence_bp={},horizon_days=1,method=historical,window=500"


async def test_stored_past(fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres, autocommit=True) as conn:
        for moment, name in ((EARLY, "first"), (LATE, "second")):
            conn.execute(VALUE, (moment, name))
            conn.execute(LINE, (moment, moment))
        conn.execute(METRIC, (EARLY, PARAMETERS.format(9900), 12.5))
        conn.execute(METRIC, (EARLY, PARAMETERS.format(9500), 7.0))
        for symbol, day, fees, total in (
            ("IBM", date(2013, 10, 8), "1.5", "-20"),
            ("BAC", date(2013, 10, 8), "0", "5.25"),
            ("IBM", date(2013, 10, 9), "0", "3"),
            ("BAC", date(2013, 10, 9), None, None),
            ("IBM", date(2013, 12, 2), "0", "4"),
        ):
            conn.execute(DAY, (symbol, day, fees, total))
    pool = await connect_pool(fresh_postgres)
    try:
        repository = Repository(pool)
        # No fees in the P&L of a backtest; an unknown position leaves the day unknown; an old VaR is none.
        assert await repository.actual_days("PAST", 9900, 250) == (
            ActualDay(date=date(2013, 10, 8), pnl=-13.25, var=12.5),
            ActualDay(date=date(2013, 10, 9), pnl=None, var=12.5),
            ActualDay(date=date(2013, 12, 2), pnl=4.0, var=None),
        )
        assert [day.date.day for day in await repository.actual_days("PAST", 9900, 1)] == [2]
        assert await repository.actual_days("NOPE", 9900, 250) == ()
        found = await repository.past.valuation("PAST", Moment(LATE.replace(hour=13)))
        assert found is not None
        assert (found.valuation_id, found.positions[0].quantity) == ("first", Decimal(1))
        assert await repository.past.valuation("PAST", Moment(EARLY.replace(hour=13))) is None
        assert await repository.past.measure("PAST", found.as_of, "historical_var", 9500) == (7.0, 1)
        assert await repository.past.measure("PAST", LATE, "historical_var", 9500) == (None, None)
    finally:
        await pool.close()


INSTRUMENT = """
INSERT INTO ops.instrument (symbol, valid_from, name, asset_class, currency, exchange, multiplier, revision,
    recorded_at) VALUES ('IBM', %s, %s, 'equity', 'USD', 'XNYS', 1, %s, %s)
"""
PORTFOLIO = """
INSERT INTO ops.portfolio (portfolio_id, valid_from, name, base_currency, parent_id, revision, recorded_at)
VALUES (%s, %s, %s, 'USD', %s, %s, %s)
"""
FILL = """
INSERT INTO ops.fill (fill_id, portfolio_id, symbol, executed_at, seq, quantity, price, currency, fee,
    revision, recorded_at) VALUES (%s, 'PAST', 'IBM', %s, 0, 1, %s, 'USD', 0, %s, %s)
"""
FIRST, SECOND = datetime(2013, 10, 1, tzinfo=UTC), datetime(2013, 10, 8, tzinfo=UTC)


async def test_names_trees_and_trades_are_as_they_were_known(fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres, autocommit=True) as conn:
        for revision, name, when in ((1, "Old", FIRST), (2, "New", SECOND)):
            conn.execute(INSTRUMENT, (when, name, revision, when))
            conn.execute(PORTFOLIO, ("PAST", when, name, None, revision, when))
        conn.execute(PORTFOLIO, ("BELOW", SECOND, "Part", "PAST", 1, SECOND))
        conn.execute(FILL, ("a", EARLY, 100, 1, EARLY))
        conn.execute(FILL, ("a", EARLY, 101, 2, LATE))  # a correction
        conn.execute(FILL, ("b", LATE, 102, 1, LATE))
    pool = await connect_pool(fresh_postgres)
    try:
        repository = Repository(pool)
        past = repository.past

        async def trades(moment: Moment) -> list[tuple[str, Decimal]]:
            found = await repository.newest_trades("PAST", None, 10, moment)
            return [(one.trade_id, one.price) for one in found]

        assert await trades(Moment()) == [("b", Decimal(102)), ("a", Decimal(101))]
        assert await trades(Moment(as_of=EARLY)) == [("a", Decimal(101))]
        assert await trades(Moment(known_at=EARLY)) == [("a", Decimal(100))]
        for moment in (Moment(as_of=EARLY), Moment(known_at=EARLY)):
            old = await past.instrument("IBM", moment)
            assert old is not None
            assert old.name == "Old"
            assert {key: one.name for key, one in (await past.portfolios(moment)).items()} == {"PAST": "Old"}
        assert await past.instrument("IBM", Moment(as_of=FIRST.replace(month=9))) is None
        assert (await past.portfolios(Moment(as_of=LATE)))["BELOW"].parent_id == "PAST"
    finally:
        await pool.close()
