"""Pure risk logic: no Kafka, SQL, clock or asyncio."""
