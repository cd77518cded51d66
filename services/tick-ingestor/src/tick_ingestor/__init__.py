"""tick-ingestor: raw events in, valid ticks or dead letters out."""
