"""What a valid tick is. No Kafka, clock or environment here."""
