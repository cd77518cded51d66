"""The frame of the benchmarks: verdicts, the page, and how a latency sample is made."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from bench import report
from bench.latency import Sighting, Tick, latencies_ms
from bench.machine import Machine, this_machine
from bench.rows import Row, percentile
from msgspec import structs

START = datetime(2026, 1, 5, tzinfo=UTC)
MACHINE = Machine(processor="P", cores=2, memory_gb=8, system="Linux", python="3.11", packages={"numpy": "2"})


def row(values: tuple[float, ...], target: float | None = 10.0, *, higher: bool = False) -> Row:
    return Row(path="p", subject="s", unit="ms", values=values, target=target, higher_is_better=higher)


@pytest.mark.parametrize(
    ("found", "meets"),
    [
        (row((9.0, 30.0, 8.0)), True),
        (row((11.0, 9.0, 12.0)), False),
        (row((11.0,), higher=True), True),
        (row((9.0,), higher=True), False),
        (row((9.0,), None), None),
    ],
)
def test_the_median_decides(found: Row, meets: bool | None) -> None:
    assert found.meets_target is meets


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentile(share: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], share) == expected


def result(name: str, *rows: Row) -> report.Result:
    return report.Result(
        benchmark=name, measured_on=date(2026, 1, 5), machine=MACHINE, busy_share=0.05, rows=rows
    )


def test_the_page_names_what_misses() -> None:
    page = report.render([result("one", row((12.0,))), result("two", row((1.0,)))])
    assert "## Misses its target\n\n- p, s: 12 ms, target at most 10 ms\n" in page
    assert page.count("**misses target**") == 1
    assert "Every measured target is met" in report.render([result("two", row((1.0,)))])


def test_a_disturbed_result_says_so() -> None:
    quiet = result("one", row((1.0,)))
    assert "disturbed" not in report.render([quiet])
    assert "disturbed" in report.render([structs.replace(quiet, busy_share=0.5)])
    robbed = report.render([structs.replace(quiet, stolen_share=0.4)])
    assert "disturbed" in robbed
    assert "40% of the processors taken" in robbed


def test_results_of_other_benchmarks_are_kept(tmp_path: Path) -> None:
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    report.save({"one": result("one", row((1.0,)))}, results, page)
    found = report.load(results)
    found["two"] = result("two", row((2.0,)))
    report.save(found, results, page)
    assert set(report.load(results)) == {"one", "two"}


def test_the_machine_is_named() -> None:
    assert "cores" in this_machine().describe()


def tick(at_ms: int, sent_ms: int) -> Tick:
    return Tick(START + timedelta(milliseconds=at_ms), sent_ms * 1000)


def sighting(read_ms: int, portfolio: str, as_of_ms: int) -> Sighting:
    return Sighting(read_ms * 1000, portfolio, {"SPY": START + timedelta(milliseconds=as_of_ms)})


def test_a_tick_waits_for_the_first_value_that_has_it_or_a_later_one() -> None:
    ticks = {"SPY": [tick(0, 100), tick(10, 110), tick(20, 120), tick(30, 130)]}
    seen = [sighting(150, "A", 10), sighting(145, "A", 0), sighting(170, "A", 20), sighting(160, "B", 10)]
    assert sorted(latencies_ms(ticks, seen)) == [40.0, 45.0, 50.0, 50.0, 60.0]
    assert latencies_ms({}, seen) == []
