"""Daily history, limits, risk numbers and their split in PostgreSQL."""
