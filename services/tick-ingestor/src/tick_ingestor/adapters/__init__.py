"""Kafka and Prometheus around the handlers."""
