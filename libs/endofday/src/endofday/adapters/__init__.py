"""Reads and writes of schema ops."""
