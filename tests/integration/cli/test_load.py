"""`tapeline load` against a real broker and database."""

import uuid
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Consumer, TopicPartition

from contracts import topics
from tapeline_cli.connection import Connection
from tapeline_cli.load import FileProblems, load_files
from tapeline_cli.load.sending import present_records
from tapeline_cli.progress import NotTakenIn, Offsets, consumer_targets, groups_of

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(own_kafka: str, postgres: str) -> Connection:
    return Connection(api_url="", api_key="", kafka=own_kafka, postgres=postgres)


@pytest.fixture
def book(tmp_path: Path) -> tuple[str, Path]:
    """A new portfolio with two versions of one position, as files."""
    name = f"P-{uuid.uuid4().hex[:8]}"
    (tmp_path / "portfolios.csv").write_text(f"portfolio_id,name,base_currency\n{name},Test,EUR\n")
    (tmp_path / "positions.csv").write_text(
        "portfolio_id,symbol,quantity,average_cost,currency,as_of\n"
        f"{name},IBM,200,181.5,USD,2013-06-01\n{name},IBM,100,180,USD,2013-01-02\n"
    )
    return name, tmp_path


def commit_everything(bootstrap: str, group: str, places: dict[tuple[str, int], int]) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False})
    consumer.commit(
        offsets=[TopicPartition(topic, number, offset) for (topic, number), offset in places.items()],
        asynchronous=False,
    )
    consumer.close()


def test_files_are_loaded_once_and_in_order(connection, book):
    name, folder = book
    files = [("positions", folder / "positions.csv"), ("portfolios", folder / "portfolios.csv")]
    first = {result.kind: result for result in load_files(connection, files, wait_s=0)}
    assert (first["portfolios"].written, first["positions"].written) == (1, 2)
    versions = present_records(connection.kafka, topics.POSITIONS)[f"{name}/IBM".encode()]
    assert [(version.as_of.month, version.quantity) for version in versions] == [(1, 100), (6, 200)]
    assert [result.written for result in load_files(connection, files, wait_s=0)] == [0, 0]


def test_nothing_is_sent_when_one_row_of_one_file_is_wrong(connection, book):
    name, folder = book
    with (folder / "positions.csv").open("a") as file:
        file.write(f"{name},AIG,0,1,USD,2013-01-02\n")
    files = [("portfolios", folder / "portfolios.csv"), ("positions", folder / "positions.csv")]
    with pytest.raises(FileProblems, match="line 4, quantity '0'"):
        load_files(connection, files, wait_s=0)
    assert name.encode() not in present_records(connection.kafka, topics.PORTFOLIOS)


def test_a_position_of_an_unknown_portfolio_is_refused(connection, book):
    _, folder = book
    with pytest.raises(FileProblems, match="no such portfolio"):
        load_files(connection, [("positions", folder / "positions.csv")], wait_s=0)


def test_load_returns_when_every_consumer_has_committed(connection, book):
    _, folder = book
    files = [("portfolios", folder / "portfolios.csv")]
    with pytest.raises(NotTakenIn, match=r"valuation has \d+ records to go"):
        load_files(connection, files, wait_s=0.2)
    offsets = Offsets(connection.kafka)
    for group, target in consumer_targets(offsets, [topics.PORTFOLIOS]).items():
        commit_everything(connection.kafka, group, target)
    seen: list[tuple[int, int]] = []
    load_files(connection, files, wait_s=5, on_progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (0, 0)
    assert set(groups_of(topics.PORTFOLIOS)) == {"valuation", "api-gateway.reference"}


def test_history_gets_a_revision_only_where_a_value_changed(connection, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("symbol,date,close,currency\nIBM,2013-01-02,196.35,USD\nIBM,2013-01-03,195.27,USD\n")
    assert load_files(connection, [("prices", path)])[0].written == 2
    assert load_files(connection, [("prices", path)])[0].written == 0
    path.write_text("symbol,date,close,currency\nIBM,2013-01-02,196.35,USD\nIBM,2013-01-03,195.28,USD\n")
    assert load_files(connection, [("prices", path)])[0].written == 1
    with psycopg.connect(connection.postgres) as database:
        rows = database.execute(
            "SELECT date::text, revision, close::text, evidence FROM ops.daily_price ORDER BY date, revision"
        ).fetchall()
    assert [row[:3] for row in rows] == [
        ("2013-01-02", 1, rows[0][2]),
        ("2013-01-03", 1, rows[1][2]),
        ("2013-01-03", 2, rows[2][2]),
    ]
    assert float(rows[2][2]) == 195.28
    assert rows[2][3] == {"file": "prices.csv", "line": 3}


def test_corporate_actions_are_kept(connection, tmp_path):
    path = tmp_path / "actions.csv"
    path.write_text("symbol,ex_date,type,value\nAAPL,2020-08-31,split,4\n")
    assert load_files(connection, [("corporate-actions", path)])[0].written == 1
    assert load_files(connection, [("corporate-actions", path)])[0].written == 0


def test_limits_become_definitions_of_a_known_portfolio(connection, book, tmp_path):
    name, folder = book
    path = tmp_path / "limits.csv"
    path.write_text(
        "limit_id,portfolio_id,scope,measure,parameters,warning_level,hard_level\n"
        f"{name}-var,{name},portfolio,historical_var,confidence_bp=9900,10.5,20\n"
    )
    with pytest.raises(FileProblems, match="no such portfolio"):
        load_files(connection, [("limits", path)])
    load_files(connection, [("portfolios", folder / "portfolios.csv")], wait_s=0)
    assert load_files(connection, [("limits", path)])[0].written == 1
    assert load_files(connection, [("limits", path)])[0].written == 0
    with psycopg.connect(connection.postgres) as database:
        row = database.execute(
            "SELECT parameters, warning_level, hard_level, hysteresis, active "
            "FROM ops.limit_definition_latest WHERE limit_id = %s",
            (f"{name}-var",),
        ).fetchone()
    assert row == ("confidence_bp=9900", 10.5, 20.0, None, True)
