"""Daily history, limits and risk numbers in PostgreSQL."""
