"""The list of touched windows over a Bronze table made without Spark."""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.lake import Lake, newest_note
from jobs.silver_bars import WINDOW_US
from jobs.touched_windows import TouchedWindows

T0 = 1_381_150_000_000_000 - 1_381_150_000_000_000 % WINDOW_US
PARTITIONS = {"AIG": 0, "IBM": 1}
Event = tuple[str, int]
"""Symbol, and the number of its window."""


class Bronze:
    """Bronze as far as the list reads it; offsets go on from batch to batch."""

    def __init__(self, root: Path) -> None:
        self.lake = Lake(str(root))
        self.offsets = dict.fromkeys(PARTITIONS.values(), 0)

    def append(self, *events: Event) -> None:
        rows = []
        for symbol, place in events:
            partition = PARTITIONS[symbol]
            moment = T0 + place * WINDOW_US + 7
            rows.append(
                {
                    "symbol": symbol,
                    "trade_date": datetime.fromtimestamp(moment / 1e6, UTC).date(),
                    "ts_event_us": moment,
                    "kafka_partition": partition,
                    "kafka_offset": self.offsets[partition],
                }
            )
            self.offsets[partition] += 1
        table = pa.Table.from_pylist(rows)
        write_deltalake(self.lake.bronze_ticks, table, mode="append", partition_by=["trade_date", "symbol"])


def found(touched: TouchedWindows, now_us: int = 1) -> list[Event]:
    return [(one.symbol, (one.window_start_us - T0) // WINDOW_US) for one in touched.find(now_us)]


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze(tmp_path)


def test_windows_stay_on_the_list_until_they_are_forgotten(bronze: Bronze) -> None:
    bronze.append(("IBM", 1), ("IBM", 0), ("AIG", 1))
    touched = TouchedWindows(bronze.lake)
    assert found(touched) == [("IBM", 0), ("AIG", 1), ("IBM", 1)]
    first, *others = touched.find(2)
    touched.forget([first])
    assert touched.find(3) == others
    touched.forget(others)
    assert touched.find(4) == []


def test_only_new_rows_touch_again_also_after_files_were_merged(bronze: Bronze) -> None:
    bronze.append(("IBM", 0), ("IBM", 1))
    touched = TouchedWindows(bronze.lake)
    touched.forget(touched.find(1))
    bronze.append(("IBM", 1))
    DeltaTable(bronze.lake.bronze_ticks).optimize.compact()
    assert found(touched) == [("IBM", 1)]
    bronze.append(("AIG", 5))
    assert found(touched) == [("IBM", 1), ("AIG", 5)]


def test_a_window_is_touched_when_its_last_ticks_were_found(bronze: Bronze) -> None:
    bronze.append(("IBM", 0), ("IBM", 1))
    touched = TouchedWindows(bronze.lake)
    touched.find(10)
    bronze.append(("IBM", 1))
    assert [one.touched_at_us for one in touched.find(20)] == [10, 20]
    assert [one.touched_at_us for one in touched.find(30)] == [10, 20]


def test_the_list_is_that_of_the_lake_not_of_the_process(bronze: Bronze) -> None:
    bronze.append(("IBM", 0), ("AIG", 0))
    listed = TouchedWindows(bronze.lake).find(1)
    assert TouchedWindows(bronze.lake).find(2) == listed
    assert newest_note(bronze.lake.silver_touched) == {"0": 1, "1": 1}
    assert listed[0].trade_date == date(2013, 10, 7)


def test_windows_of_a_date_and_later_are_put_back_without_forgetting_what_waits(bronze: Bronze) -> None:
    day = 86_400_000_000 // WINDOW_US
    bronze.append(("IBM", 0), ("AIG", day), ("IBM", day), ("IBM", 2 * day))
    touched = TouchedWindows(bronze.lake)
    done = touched.find(1)
    touched.forget(done)
    bronze.append(("AIG", 0))
    second = sorted({one.trade_date for one in done})[1]
    touched.touch_again(second, 7)
    assert found(touched) == [("AIG", 0), ("AIG", day), ("IBM", day), ("IBM", 2 * day)]
    assert {one.touched_at_us for one in touched.find(9) if one.trade_date >= second} == {7}
    touched.forget(touched.find(9))
    assert found(touched) == []


events = st.lists(st.tuples(st.sampled_from(sorted(PARTITIONS)), st.integers(0, 4)), min_size=1, max_size=6)


@settings(max_examples=15, deadline=None)
@given(rounds=st.lists(st.tuples(events, st.booleans()), min_size=1, max_size=4))
def test_nothing_is_missed_and_nothing_is_found_twice(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[tuple[list[Event], bool]]
) -> None:
    bronze = Bronze(tmp_path_factory.mktemp("lake"))
    waiting: set[Event] = set()
    for batch, published in rounds:
        bronze.append(*batch)
        waiting |= set(batch)
        touched = TouchedWindows(bronze.lake)
        assert set(found(touched)) == waiting
        if published:
            touched.forget(touched.find(2))
            waiting.clear()
