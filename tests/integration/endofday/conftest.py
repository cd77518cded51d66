"""The book in a database of its own."""

from decimal import Decimal as D
from typing import Any

import pytest
from tests.integration.endofday.books import HELD, book, demo_prices, demo_rates, instrument, position

from store import tables
from store.bulk import insert_rows
from store.database import Connection, Database


@pytest.fixture
def database(fresh_postgres: str) -> Any:
    with Database(fresh_postgres, max_size=1) as found:
        found.dsn = fresh_postgres  # type: ignore[attr-defined]

        async def fill_tables(conn: Connection) -> None:
            await insert_rows(conn, tables.Instrument, [instrument(symbol) for symbol in HELD])
            await insert_rows(conn, tables.Portfolio, [book("TOP", "USD"), book("EU", "EUR", "TOP")])
            await insert_rows(
                conn, tables.Position, [position("EU", name, units) for name, units in HELD.items()]
            )
            await insert_rows(conn, tables.Position, [position("TOP", "AIG", D(1))])
            await insert_rows(conn, tables.DailyPrice, demo_prices())
            await insert_rows(conn, tables.FxRate, demo_rates())

        found.transaction(fill_tables)
        yield found
