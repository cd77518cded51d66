"""Daily history as known at a moment, from schema gold."""

import datetime as dt
from collections import defaultdict

import numpy as np

from measuring.adapters.history import to_series
from measuring.core.history import DailyHistory
from quant import CorporateAction
from reports.adapters.gold import KNOWN
from store.database import Connection

_PRICES = f"""
SELECT symbol, currency, date - DATE '1970-01-01' AS day, close::float8 AS value
  FROM gold.mart_report_daily_prices WHERE {KNOWN.format("$1")} ORDER BY symbol, date
"""  # noqa: S608  (no value is put into the text)
# Of several fixings of one date the last counts.
_RATES = f"""
SELECT DISTINCT ON (pair, date) pair AS symbol, '' AS currency, date - DATE '1970-01-01' AS day,
       rate::float8 AS value
  FROM gold.mart_report_fx_rates WHERE {KNOWN.format("$1")} ORDER BY pair, date, as_of DESC
"""  # noqa: S608
_ACTIONS = f"""
SELECT symbol, ex_date, type, value::float8 AS value
  FROM gold.mart_report_corporate_actions WHERE {KNOWN.format("$1")} ORDER BY symbol, ex_date, type
"""  # noqa: S608
_INSTRUMENTS = """
SELECT DISTINCT ON (symbol) symbol, asset_class, coalesce(sector, '') AS sector
  FROM gold.mart_report_instruments WHERE recorded_at <= $1 ORDER BY symbol, revision DESC
"""


async def read_history(conn: Connection, known_at: dt.datetime) -> DailyHistory:
    """Closes, fixings, splits and dividends, and which instruments are currency pairs."""
    instruments = await conn.fetch(_INSTRUMENTS, known_at)
    actions: defaultdict[str, list[CorporateAction]] = defaultdict(list)
    for row in await conn.fetch(_ACTIONS, known_at):
        actions[row["symbol"]].append(
            CorporateAction(np.datetime64(row["ex_date"]), row["type"], row["value"])
        )
    return DailyHistory(
        version=known_at.isoformat(),
        prices=to_series(await conn.fetch(_PRICES, known_at)),
        quotes=to_series(await conn.fetch(_RATES, known_at)),
        actions={symbol: tuple(found) for symbol, found in actions.items()},
        fx_symbols=frozenset(row["symbol"] for row in instruments if row["asset_class"] == "fx"),
        sectors={
            row["symbol"]: row["sector"] for row in instruments if row["asset_class"] not in ("fx", "option")
        },
    )
