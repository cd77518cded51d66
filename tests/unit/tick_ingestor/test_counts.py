"""Counts survive in the metadata of a commit."""

from typing import get_args

import pytest

from contracts import RejectReason
from tick_ingestor.core.counts import CorruptCounts, PartitionCounts

KAFKA_METADATA_BYTES_MAX = 4096


def test_counts_come_back_from_their_text() -> None:
    counts = PartitionCounts()
    counts.received, counts.accepted, counts.duplicate = 10, 7, 1
    counts.rejected["not_json"] += 2
    text = counts.to_text()
    assert text == '{"received":10,"accepted":7,"duplicate":1,"rejected":{"not_json":2}}'
    again = PartitionCounts.from_text(text)
    assert again.to_text() == text
    again.rejected["not_json"] += 1
    assert counts.rejected["not_json"] == 2


def test_nothing_committed_is_zero() -> None:
    assert PartitionCounts.from_text("").to_text() == PartitionCounts().to_text()


def test_all_reasons_fit_into_the_metadata() -> None:
    counts = PartitionCounts()
    for reason in get_args(RejectReason):
        counts.rejected[reason] = 10**15
    assert len(counts.to_text()) < KAFKA_METADATA_BYTES_MAX


@pytest.mark.parametrize(
    "text",
    ["x", "[]", '{"received":1}', '{"watermark_us":5}', '{"received":2,"accepted":1,"rejected":{"no":1}}'],
)
def test_foreign_metadata_is_not_taken_for_counts(text: str) -> None:
    with pytest.raises(CorruptCounts):
        PartitionCounts.from_text(text)


def test_counts_that_do_not_add_up_are_refused() -> None:
    counts = PartitionCounts()
    counts.received = 2
    counts.accepted = 1
    with pytest.raises(CorruptCounts, match="does not hold"):
        counts.check()
