"""Where the instruments that are loaded trade."""

import asyncpg

_EXCHANGES = """
SELECT DISTINCT CASE WHEN asset_class <> 'fx' THEN exchange END AS exchange
  FROM ops.instrument_latest WHERE asset_class NOT IN ('cash', 'option') ORDER BY 1
"""


async def exchanges(pool: asyncpg.Pool) -> list[str | None]:
    """The exchange (MIC) of every instrument with ticks of its own, each once; None for currencies."""
    return [row["exchange"] for row in await pool.fetch(_EXCHANGES)]
