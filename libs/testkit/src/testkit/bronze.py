"""Ticks as Spark reads them, for tests of the jobs."""

import json

from pyspark.sql import DataFrame, SparkSession

MESSAGE_SCHEMA = "value string, partition int, offset bigint"


def tick(seq: int, ts_event_us: int, price_e8: int = 100_0000_0000, **changes: object) -> dict[str, object]:
    """One tick of AAA as JSON fields; raw offset = seq."""
    return {
        "tick_id": f"feed/AAA/{seq}",
        "symbol": "AAA",
        "ts_event_us": ts_event_us,
        "ts_ingest_us": ts_event_us,
        "price_e8": price_e8,
        "currency": "USD",
        "exchange": "XNYS",
        "volume": 10,
        "seq": seq,
        "raw_partition": 0,
        "raw_offset": seq,
        "source": "feed",
        **changes,
    }


def messages(spark: SparkSession, ticks: list[dict[str, object]], first: int = 0, part: int = 0) -> DataFrame:
    """Kafka messages with these ticks at ascending offsets of one partition."""
    rows = [(json.dumps(one), part, first + place) for place, one in enumerate(ticks)]
    return spark.createDataFrame(rows, MESSAGE_SCHEMA)
