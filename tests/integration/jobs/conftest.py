"""One Spark session for all tests here, and ticks as Bronze has them."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from pyspark.sql import SparkSession

from jobs.lake import Lake
from jobs.session import SessionOptions, open_session

DAY = Path(__file__).resolve().parents[3] / "data" / "ticks" / "us-equity-trades-2013-10-07.parquet"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory, spark_jars: Path) -> Iterator[SparkSession]:
    session = open_session(SessionOptions(jars=spark_jars, state_dir=tmp_path_factory.mktemp("spark")))
    yield session
    gateway = session.sparkContext._gateway
    session.stop()
    assert gateway is not None
    gateway.shutdown()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


@pytest.fixture(autouse=True)
def py4j_sockets() -> Iterator[None]:
    """py4j leaves the sockets of its threads to the garbage collector: collect them where that is allowed."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture(scope="session")
def day_file() -> Path:
    """The real equity day."""
    return DAY


@pytest.fixture(scope="session")
def day_ticks() -> pl.DataFrame:
    """The real equity day as contract ticks, in feed order."""
    return pl.read_parquet(DAY).select(
        tick_id=pl.format("file/{}/{}", "symbol", "seq"),
        symbol="symbol",
        ts_event_us=pl.col("ts_event").dt.epoch("us"),
        ts_ingest_us=pl.lit(0, pl.Int64),
        price_e8=(pl.col("price") * 100_000_000).cast(pl.Int64),
        currency="currency",
        exchange="exchange",
        volume=pl.col("volume").cast(pl.Int64),
        seq=pl.col("seq").cast(pl.Int64),
        raw_partition=pl.lit(0, pl.Int64),
        raw_offset=pl.row_index("raw_offset").cast(pl.Int64),
        source=pl.lit("file"),
        bid_e8=pl.lit(None, pl.Int64),
        ask_e8=pl.lit(None, pl.Int64),
        sale_condition=pl.lit(None, pl.String),
    )
