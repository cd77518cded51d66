"""Bars, watermark and replays as pure code. No Kafka, Spark or clock here."""
