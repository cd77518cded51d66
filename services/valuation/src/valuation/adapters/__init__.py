"""Kafka and PostgreSQL."""
