"""From offsets to lags and counts."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_gateway.core.pages import BadCursor, decode_cursor, encode_cursor, page_after
from api_gateway.core.pipeline import Commit, Offsets, pipeline

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
    found = pipeline(Offsets(ranges, {"tick-ingestor": commits}), NOW)
    total = found.ingest.total
    assert (total.received, total.accepted, total.duplicate, total.rejected) == (15, 11, 1, 3)
    assert found.ingest.rejected_by_reason == {"not_json": 3}
    assert [one.lag for one in found.groups] == [2]


def test_lag_counts_what_is_kept_when_nothing_was_committed() -> None:
    offsets = Offsets({(TICKS, 0): (40, 100), (TICKS, 1): (0, 8)}, {"valuation": {(TICKS, 1): Commit(6, "")}})
    (group,) = pipeline(offsets, NOW).groups
    assert [(one.committed, one.lag) for one in group.partitions] == [(None, 60), (6, 2)]
    assert group.lag == 62


def test_a_commit_behind_retention_lags_from_the_oldest_record() -> None:
    offsets = Offsets({(TICKS, 0): (40, 100)}, {"valuation": {(TICKS, 0): Commit(10, "")}})
    assert pipeline(offsets, NOW).groups[0].lag == 60


def test_watermark_is_the_newest_and_foreign_metadata_is_ignored() -> None:
    commits = {
        (TICKS, 0): Commit(1, '{"watermark_us": 1381154400000000}'),
        (TICKS, 1): Commit(1, "anything"),
    }
    (group,) = pipeline(Offsets(dict.fromkeys(commits, (0, 1)), {"bar-aggregator": commits}), NOW).groups
    assert group.watermark == datetime(2013, 10, 7, 14, tzinfo=UTC)
    assert group.partitions[1].watermark is None


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
