"""Reads of schema gold."""
