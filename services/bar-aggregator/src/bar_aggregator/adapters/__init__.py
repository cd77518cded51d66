"""What touches Kafka offsets, PostgreSQL, Spark and HTTP."""
