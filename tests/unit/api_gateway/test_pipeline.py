"""From offsets to lags and counts."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_gateway.core.pages import BadCursor, decode_cursor, encode_cursor, page_after
from api_gateway.core.pipeline import Commit, Offsets, pipeline
from api_gateway.core.reach import Reach, view_within
from api_gateway.core.view import View
from contracts.codec import encode
from testkit.builders import make_bar

RAW, TICKS = "marketdata.ticks.raw.v1", "marketdata.ticks.v1"
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def counts(received: int, accepted: int, duplicate: int, **rejected: int) -> str:
    note = {"received": received, "accepted": accepted, "duplicate": duplicate, "rejected": rejected}
    return json.dumps(note)


def test_ingest_counts_add_up_over_partitions() -> None:
    commits = {
        (RAW, 0): Commit(10, counts(10, 7, 1, not_json=2)),
        (RAW, 1): Commit(5, counts(5, 4, 0, not_json=1)),
    }
    ranges = {(RAW, 0): (0, 12), (RAW, 1): (0, 5)}
    found = pipeline(Offsets(ranges, {"tick-ingestor": commits}), View(), NOW)
    total = found.ingest.total
    assert (total.received, total.accepted, total.duplicate, total.rejected) == (15, 11, 1, 3)
    assert found.ingest.rejected_by_reason == {"not_json": 3}
    assert [one.lag for one in found.groups] == [2]


def test_lag_counts_what_is_kept_when_nothing_was_committed() -> None:
    offsets = Offsets({(TICKS, 0): (40, 100), (TICKS, 1): (0, 8)}, {"valuation": {(TICKS, 1): Commit(6, "")}})
    (group,) = pipeline(offsets, View(), NOW).groups
    assert [(one.committed, one.lag) for one in group.partitions] == [(None, 60), (6, 2)]
    assert group.lag == 62


def test_a_commit_behind_retention_lags_from_the_oldest_record() -> None:
    offsets = Offsets({(TICKS, 0): (40, 100)}, {"valuation": {(TICKS, 0): Commit(10, "")}})
    assert pipeline(offsets, View(), NOW).groups[0].lag == 60


def test_watermark_is_the_newest_and_foreign_metadata_is_ignored() -> None:
    commits = {
        (TICKS, 0): Commit(1, '{"watermark_us": 1381154400000000}'),
        (TICKS, 1): Commit(1, "anything"),
    }
    (group,) = pipeline(
        Offsets(dict.fromkeys(commits, (0, 1)), {"bar-aggregator": commits}), View(), NOW
    ).groups
    assert group.watermark == datetime(2013, 10, 7, 14, tzinfo=UTC)
    assert group.partitions[1].watermark is None


@pytest.mark.parametrize(
    "note",
    [
        '{"watermark_us": 99999999999999999999}',
        '{"watermark_us": 999999999999999999}',
        '{"watermark_us": -99999999999999999}',
        '{"received": 99999999999999999999, "rejected": {"x": 99999999999999999999}}',
        '{"received": -1}',
        '{"received": 1e400}',
    ],
)
def test_numbers_that_no_stage_writes_are_left_out(note: str) -> None:
    """Any group may commit any text: one of these made the whole answer a 500."""
    offsets = Offsets({(TICKS, 0): (0, 1)}, {"tick-ingestor": {(TICKS, 0): Commit(1, note)}})
    found = pipeline(offsets, View(), NOW)
    assert found.groups[0].watermark is None
    assert found.ingest.total.received == 0
    encode(found)


def test_the_age_of_a_lag_is_told_where_it_was_measured() -> None:
    commits = {"risk": {(TICKS, 0): Commit(1, "")}, "valuation": {(TICKS, 0): Commit(1, "")}}
    found = pipeline(Offsets({(TICKS, 0): (0, 3)}, commits, {("risk", TICKS): 2.5}), View(), NOW)
    assert [(one.group, one.lag_seconds) for one in found.groups] == [("risk", 2.5), ("valuation", None)]


def test_final_bars_are_compared_with_the_provisional_ones_before_them() -> None:
    view = View()
    for symbol, close in (("A", "1"), ("B", "2"), ("C", "3")):
        view.put_bar(make_bar(symbol, "14:00", close, status="provisional", revision=0))
    view.put_bar(make_bar("A", "14:00", "1"))
    view.put_bar(make_bar("B", "14:00", "2.5"))
    view.put_bar(make_bar("B", "14:00", "2.5"))  # the topic repeats what was not committed
    view.put_bar(make_bar("B", "14:00", "2.6", revision=2))
    view.put_bar(make_bar("D", "14:05", "4", status="forming", revision=0))
    view.put_bar(make_bar("E", "14:05", "5"))  # its provisional one did not come by here
    found = pipeline(Offsets({}, {}), view_within(view, Reach(frozenset())), NOW).provisional_vs_final
    assert (found.total.equal, found.total.different, found.total.corrected) == (1, 1, 1)
    newer, older = found.windows
    assert (newer.window_start.minute, newer.forming, newer.final) == (5, 1, 1)
    assert (older.provisional, older.final, older.equal, older.different, older.corrected) == (1, 2, 1, 1, 1)


@given(st.lists(st.text(min_size=1, max_size=5), unique=True), st.integers(1, 4))
def test_pages_join_to_the_whole_list(names: list[str], limit: int) -> None:
    ordered, found, cursor = sorted(names), [], None
    while True:
        page = page_after(ordered, cursor, limit, lambda name: name)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert found == ordered


@pytest.mark.parametrize("cursor", ["!", "é", encode_cursor(("a", "b"))])
def test_a_foreign_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor, match="next_cursor"):
        decode_cursor(cursor, parts=1)
