"""Keeps the newest result of each benchmark and writes the page."""

from datetime import date
from pathlib import Path

import msgspec

from bench.machine import Machine
from bench.rows import Row

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "BENCHMARKS.md"

QUIET_BUSY, QUIET_STOLEN = 0.1, 0.05
"""Shares of the processors, in use before and stolen meanwhile, above which a result was disturbed."""

HEAD = """# Benchmarks

Written by `make bench`; do not edit. Medians, with the smallest and largest run beside them, on one machine
that carries the load generator, the broker and everything else. Nothing is asserted on time in a test. The
programs are in `bench/`.

A row with a target is ours; rows without one are peers or companion numbers, measured in the same run on the
same input.
"""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one benchmark found, and where."""

    benchmark: str
    measured_on: date
    machine: Machine
    rows: tuple[Row, ...]
    busy_share: float | None = None
    """share of the processors in use when the benchmark began; None where it was not measured"""
    stolen_share: float = 0.0
    """processor time that the host gave to other machines meanwhile"""

    @property
    def is_disturbed(self) -> bool:
        return (self.busy_share or 0.0) > QUIET_BUSY or self.stolen_share > QUIET_STOLEN


def load(path: Path = RESULTS) -> dict[str, Result]:
    if not path.exists():
        return {}
    return {one.benchmark: one for one in msgspec.json.decode(path.read_bytes(), type=list[Result])}


def save(results: dict[str, Result], path: Path = RESULTS, page: Path = PAGE) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(list(results.values())), indent=1) + b"\n")
    page.write_text(render(list(results.values())))


def render(results: list[Result]) -> str:
    missed = [row for one in results for row in one.rows if row.meets_target is False]
    parts = [HEAD, _missed(missed)]
    for machine in dict.fromkeys(one.machine.describe() for one in results):
        here = [one for one in results if one.machine.describe() == machine]
        parts += [f"\n## {machine}\n\n", _table(here), _notes(here)]
    return "".join(parts)


def line(row: Row) -> str:
    """One line for the terminal."""
    verdict = {True: "  meets target", False: "  MISSES TARGET", None: ""}[row.meets_target]
    return f"{row.path} | {row.subject}: {_measured(row)} (target {_target(row)}){verdict}"


def _missed(rows: list[Row]) -> str:
    if not rows:
        return "\nEvery measured target is met.\n"
    lines = [
        f"- {row.path}, {row.subject}: {_number(row.median)} {row.unit}, target {_target(row)}\n"
        for row in rows
    ]
    return "\n## Misses its target\n\n" + "".join(lines)


def _table(results: list[Result]) -> str:
    lines = ["| path | who | measured | target | |\n|---|---|---|---|---|\n"]
    for one in results:
        for row in one.rows:
            verdict = {True: "met", False: "**misses target**", None: ""}[row.meets_target]
            lines.append(f"| {row.path} | {row.subject} | {_measured(row)} | {_target(row)} | {verdict} |\n")
    return "".join(lines)


def _notes(results: list[Result]) -> str:
    lines = ["\n"]
    for one in results:
        busy = "" if one.busy_share is None else f"{one.busy_share:.0%} busy before the start, "
        about = (
            f"measured {one.measured_on}, {busy}"
            f"{one.stolen_share:.0%} of the processors taken by other machines meanwhile"
        )
        if one.is_disturbed:
            about += " (**disturbed: measure again on a quiet machine**)"
        notes = dict.fromkeys(row.note for row in one.rows if row.note)
        lines.append(f"- **{one.benchmark}**: {about}. {' '.join(notes)}\n")
    return "".join(lines)


def _measured(row: Row) -> str:
    spread = f"{_number(min(row.values))} to {_number(max(row.values))}, {len(row.values)} runs"
    return f"{_number(row.median)} {row.unit} ({spread if len(row.values) > 1 else '1 run'})"


def _target(row: Row) -> str:
    if row.target is None:
        return "-"
    return f"{'at least' if row.higher_is_better else 'at most'} {_number(row.target)} {row.unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
