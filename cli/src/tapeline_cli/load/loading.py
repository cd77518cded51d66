"""Loads files: check all of them, send what is new, wait until the services have taken it in."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts import topics
from tapeline_cli.connection import Connection
from tapeline_cli.load import references
from tapeline_cli.load.files import Row, read_rows
from tapeline_cli.load.kinds import FX, INSTRUMENTS, KINDS, LIMITS, PORTFOLIOS, POSITIONS, TRADES, Kind
from tapeline_cli.load.sending import missing_records, new_trades, present_records, send, to_records
from tapeline_cli.progress import Offsets, OnProgress, consumer_targets, wait_taken_in

WAIT_S = 60.0
# A portfolio is known before its positions, an instrument before its prices.
ORDER = (INSTRUMENTS, PORTFOLIOS, FX, POSITIONS, TRADES)


@dataclass(frozen=True)
class LoadResult:
    """What became of one file: `written` rows were new or changed, the others were there already."""

    kind: str
    file: str
    rows: int
    written: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _File:
    kind: Kind
    path: Path
    rows: list[Row]


def load_files(
    connection: Connection,
    files: Sequence[tuple[str, Path]],
    *,
    wait_s: float = WAIT_S,
    on_progress: OnProgress = lambda done, total: None,
    warn: Callable[[str], None] = lambda text: None,
) -> list[LoadResult]:
    """Load (kind, path) files together. Loading the same files again changes nothing.

    Raises FileProblems before anything is sent when any file is wrong, and progress.NotTakenIn when a service
    has not taken the reference data in within `wait_s`; with 0 nothing is waited for. History (prices,
    corporate actions) is in PostgreSQL when this returns; risk looks for it by itself.
    """
    read = [_File(KINDS[kind], path, read_rows(KINDS[kind], path)) for kind, path in files]
    read.sort(key=lambda file: ORDER.index(file.kind) if file.kind in ORDER else len(ORDER))
    _check_references(connection, read, warn)
    results = [_load(connection, file) for file in read]
    sent_to = [file.kind.topic for file in read if file.kind.topic is not None]
    if wait_s and sent_to:
        offsets = Offsets(connection.kafka)
        wait_taken_in(offsets, consumer_targets(offsets, sent_to), wait_s, on_progress)
    return results


def _load(connection: Connection, file: _File) -> LoadResult:
    began = time.monotonic()
    now = datetime.now(UTC)
    topic = file.kind.topic
    if topic is None:
        # Imported here: the tables take two seconds, which every other command would pay.
        from tapeline_cli.load import history

        written = history.append_history(connection.postgres, file.kind, file.rows, file.path.name, now)
    else:
        wanted = to_records(topic, file.rows, now)
        present = present_records(connection.kafka, topic)
        choose = new_trades if file.kind is TRADES else missing_records
        written = send(connection.kafka, topic, choose(wanted, present))
    seconds = round(time.monotonic() - began, 3)
    return LoadResult(file.kind.name, file.path.name, len(file.rows), written, seconds)


def _check_references(connection: Connection, files: list[_File], warn: Callable[[str], None]) -> None:
    if not any(file.kind in (PORTFOLIOS, POSITIONS, TRADES, LIMITS) for file in files):
        return
    parents = {
        key.decode(): getattr(versions[-1], "parent_id", None)
        for key, versions in present_records(connection.kafka, topics.PORTFOLIOS).items()
    }
    instruments = {
        key.decode(): str(getattr(versions[-1], "currency", ""))
        for key, versions in present_records(connection.kafka, topics.INSTRUMENTS).items()
    }
    for file in files:
        if file.kind is INSTRUMENTS:
            instruments |= {row.values["symbol"]: row.values["currency"] for row in file.rows}
        elif file.kind is PORTFOLIOS:
            references.check_parents(file.path, file.rows, parents)
            parents |= {row.values["portfolio_id"]: row.values.get("parent_id") for row in file.rows}
        elif file.kind in (POSITIONS, TRADES):
            references.check_portfolios(file.path, file.rows, parents)
            references.warn_instruments(file.rows, instruments, warn)
        elif file.kind is LIMITS:
            references.check_portfolios(file.path, file.rows, parents)
        if file.kind is TRADES:
            references.check_currencies(file.path, file.rows, instruments)
            references.check_trades(file.path, file.rows, present_records(connection.kafka, topics.TRADES))
