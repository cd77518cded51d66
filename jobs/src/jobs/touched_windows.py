"""The windows that got ticks since they were last made into bars; found and kept without Spark.

Their list is small and a run of the Silver job often has only one of them, so what a Spark query costs before
it reads anything would be most of the run.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, QueryBuilder, write_deltalake

from jobs.lake import Lake, create_table, newest_note
from jobs.silver_bars import WINDOW_US, WindowKey
from jobs.touched_ticks import Window

_SCHEMA = pa.schema(
    [
        pa.field("window_start_us", pa.int64(), nullable=False),
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("trade_date", pa.date32(), nullable=False),
        pa.field("kafka_partition", pa.int32(), nullable=False),
        pa.field("touched_at_us", pa.int64(), nullable=False),
    ]
)

Offsets = Mapping[int, int]
"""By partition of the ticks topic the first offset that was not looked at."""


@dataclass(frozen=True, slots=True)
class TouchedWindows:
    """The list of one lake; a reader and a writer at a time, which the caller sees to.

    A table that is written whole: each commit is the list, with the offsets up to which Bronze was looked
    through in its note.
    """

    lake: Lake

    def __post_init__(self) -> None:
        create_table(self.lake.silver_touched, _SCHEMA)

    def find(self, now_us: int) -> list[Window]:
        """Add the windows of all Bronze rows not seen yet, touched now, and return the list, oldest first."""
        listed, seen = self._read(), self._seen()
        found, reached = _windows(self.lake.bronze_ticks, _newer(seen), now_us)
        if not found:
            return sorted(listed)
        windows = {one.key: one for one in (*listed, *found)}
        self._write(windows.values(), {**seen, **reached})
        return sorted(windows.values())

    def touch_again(self, since: date, now_us: int) -> None:
        """Put every window of Bronze from this trade date on back on the list, touched now.

        For what bars were written to and lost them: each is made anew, and where it was lost it is missed.
        """
        again, _ = _windows(self.lake.bronze_ticks, f"trade_date >= DATE '{since.isoformat()}'", now_us)
        windows = {one.key: one for one in (*self._read(), *again)}
        self._write(windows.values(), self._seen())

    def forget(self, windows: Iterable[Window]) -> None:
        """Take these windows off the list, once their bars are published."""
        done = {window.key for window in windows}
        self._write([one for one in self._read() if one.key not in done], self._seen())

    def _read(self) -> list[Window]:
        rows = DeltaTable(self.lake.silver_touched).to_pyarrow_table(columns=_SCHEMA.names).to_pylist()
        return [Window(**row) for row in rows]

    def _seen(self) -> Offsets:
        note = newest_note(self.lake.silver_touched) or {}
        return {int(partition): offset for partition, offset in note.items()}

    def _write(self, windows: Iterable[Window], seen: Offsets) -> None:
        write_deltalake(
            self.lake.silver_touched,
            pa.Table.from_pylist([asdict(one) for one in windows], _SCHEMA),
            mode="overwrite",
            commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(seen)}),
        )


def _windows(bronze: str, where: str, now_us: int) -> tuple[list[Window], Offsets]:
    """The windows of the rows where this holds, and the offsets behind those rows."""
    found = QueryBuilder().register("bronze", DeltaTable(bronze)).execute(_query(where))
    reached: dict[int, int] = {}
    windows: dict[WindowKey, Window] = {}
    for row in pa.table(found).to_pylist():
        partition = row["kafka_partition"]
        reached[partition] = max(reached.get(partition, 0), row.pop("newest_offset") + 1)
        window = Window(**row, touched_at_us=now_us)
        windows[window.key] = window
    return list(windows.values()), reached


def _newer(seen: Offsets) -> str:
    """The rows from these offsets on.

    Offsets only grow, so the file statistics of `kafka_offset` keep this from reading the whole table.
    """
    newer = [
        f"(kafka_partition = {partition} AND kafka_offset >= {offset})" for partition, offset in seen.items()
    ]
    unseen = f"kafka_partition NOT IN ({', '.join(map(str, seen))})" if seen else "true"
    return " OR ".join([*newer, unseen])


def _query(where: str) -> str:
    return f"""
        SELECT symbol, trade_date, ts_event_us - ts_event_us % {WINDOW_US} AS window_start_us,
               kafka_partition, max(kafka_offset) AS newest_offset
          FROM bronze WHERE {where}
         GROUP BY 1, 2, 3, 4
    """  # noqa: S608  numbers and dates only
