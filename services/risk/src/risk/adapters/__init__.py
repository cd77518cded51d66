"""Faust and PostgreSQL."""
