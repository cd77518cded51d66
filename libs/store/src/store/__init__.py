"""Schema `ops` in PostgreSQL: tables, migrations, bulk writes, offset fence. Only adapters import it."""
