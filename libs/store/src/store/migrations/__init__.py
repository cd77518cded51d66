"""Alembic migrations of schema `ops`; run through `store.migrate`."""
