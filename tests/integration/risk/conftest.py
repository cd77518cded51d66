"""The risk service as a process, on a broker of its own (topic names are fixed) and real daily history."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from psycopg.rows import dict_row

from chassis.bus import Output
from chassis.kafka import Publisher, new_consumer, new_producer
from chassis.offsets import committed as read_committed
from chassis.offsets import end_offsets
from chassis.table import read_table
from contracts import RiskReport, Valuation, topics
from contracts.admin import create_topics
from contracts.codec import decoder, encode
from local_stack.ports import free_port
from store.bulk import insert_rows
from store.database import Database
from store.tables import CorporateAction, DailyPrice, Fact, FxRate, Instrument
from testkit import embedded
from testkit.processes import ChildProcess

DEMO = Path(__file__).parents[3] / "data/demo"
WAIT_S = 40.0


@pytest.fixture(scope="module")
def broker(scratch_dir: Path) -> Iterator[str]:
    with embedded.running_broker(scratch_dir) as (running, _):
        create_topics(running.bootstrap)
        yield running.bootstrap


def insert(dsn: str, fact: type[Fact], frame: pl.DataFrame) -> None:
    """Append first revisions."""
    rows = [{"revision": 1, **row} for row in frame.to_dicts()]
    with Database(dsn) as database:
        database.transaction(lambda conn: insert_rows(conn, fact, rows))


def load_history(dsn: str) -> None:
    """Real closes, rates and corporate actions of data/demo."""
    insert(
        dsn,
        DailyPrice,
        pl.read_parquet(DEMO / "prices.parquet").select("symbol", "date", "close", "currency"),
    )
    at_midnight = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias("as_of")
    insert(dsn, FxRate, pl.read_parquet(DEMO / "fx.parquet").select("pair", at_midnight, "rate"))
    actions = pl.read_csv(
        DEMO / "corporate-actions.csv", schema_overrides={"value": pl.String}, try_parse_dates=True
    )
    insert(dsn, CorporateAction, actions)
    since = pl.lit("2010-01-01").str.to_datetime(time_zone="UTC").alias("valid_from")
    multiplier = pl.lit("1").alias("multiplier")
    instruments = pl.read_csv(DEMO / "instruments.csv")
    insert(
        dsn,
        Instrument,
        instruments.select("symbol", "name", "asset_class", "currency", "exchange", since, multiplier),
    )


class RiskProcess:
    """`python -m risk` and what one can see of it from outside."""

    def __init__(self, broker: str, dsn: str, directory: Path, environment: dict[str, str]) -> None:
        self.broker, self.dsn = broker, dsn
        self._port = free_port()
        self._log = directory / "risk.log"
        self._given = environment
        self._environment = environment | {
            "TAPELINE_KAFKA": broker,
            "TAPELINE_POSTGRES": dsn,
            "TAPELINE_HTTP_PORT": str(self._port),
            "TAPELINE_STATE_DIR": str(directory),
            "TAPELINE_HISTORY_POLL_S": "0.2",
            "TAPELINE_LIMITS_POLL_S": "0.1",
        }
        self.child: ChildProcess | None = None
        self._producer = Publisher(new_producer(broker, "test"))

    def another(self, directory: Path) -> "RiskProcess":
        """A second process on the same broker and database, not started yet."""
        return RiskProcess(self.broker, self.dsn, directory, self._given)

    def start(self) -> None:
        self.child = ChildProcess("risk", [sys.executable, "-m", "risk"], self._log, self._environment)
        self.child.wait_ready(lambda: self.page("/readyz") is not None)

    def page(self, path: str) -> str | None:
        """Body of a page, None unless it answers 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=2) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, OSError):
            return None

    def eventually(self, check: Callable[[], Any], what: str) -> Any:
        """The first true answer of `check`; fails with the end of the service's log."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            if answer := check():
                return answer
            time.sleep(0.05)
        raise AssertionError(f"not within {WAIT_S:.0f} s: {what}\n{self._log.read_text()[-3000:]}")

    def insert_prices(self, frame: pl.DataFrame) -> None:
        insert(self.dsn, DailyPrice, frame)

    def publish(self, *valuations: Valuation) -> None:
        for one in valuations:
            self._producer.send(Output(topics.VALUATIONS.name, encode(one), one.portfolio_id.encode()))
        self._producer.flush()

    def reports(self) -> list[RiskReport]:
        """Everything on the risk topic."""
        found = read_table(self.broker, topics.RISK.name)
        return [decoder(RiskReport).decode(record.value) for record in found if record.value is not None]

    def report_of(self, valuation: Valuation) -> RiskReport:
        """The newest report of this valuation, waited for."""

        def find() -> RiskReport | None:
            found = [one for one in self.reports() if one.valuation_id == valuation.valuation_id]
            return found[-1] if found else None

        return self.eventually(find, f"a report of {valuation.valuation_id}")

    def rows(self, portfolio_id: str) -> list[dict[str, Any]]:
        """Stored numbers of a portfolio."""
        query = "SELECT * FROM ops.risk_metric WHERE portfolio_id = %s"
        with psycopg.connect(self.dsn, row_factory=dict_row) as conn:
            return conn.execute(query, (portfolio_id,)).fetchall()

    def is_caught_up(self) -> bool:
        """Everything published so far is committed by group risk."""
        consumer = new_consumer(self.broker, "risk")
        try:
            committed = read_committed(consumer, topics.VALUATIONS.name)
            ends = end_offsets(consumer, topics.VALUATIONS.name)
        finally:
            consumer.close()
        return all(committed.get(number, (0, ""))[0] >= end for number, end in ends.items())

    def wait_caught_up(self) -> None:
        self.eventually(self.is_caught_up, "group risk at the end offsets")


@pytest.fixture(scope="module")
def history(postgres: str) -> str:
    load_history(postgres)
    return postgres


@pytest.fixture(scope="module")
def risk(
    broker: str, history: str, tmp_path_factory: pytest.TempPathFactory, child_environment: dict[str, str]
) -> Iterator[RiskProcess]:
    """A running service; tests may stop and start it, and leave it running."""
    process = RiskProcess(broker, history, tmp_path_factory.mktemp("risk"), child_environment)
    process.start()
    yield process
    assert process.child is not None
    process.child.stop()
