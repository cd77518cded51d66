"""Pure: no Kafka, files, clock or environment."""
