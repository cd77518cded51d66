"""Pure: prices, rates, books, snapshots. No Kafka, SQL, clock or environment."""
