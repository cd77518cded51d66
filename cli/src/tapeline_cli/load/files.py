"""Reads a CSV or Parquet file and checks every cell before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_stack.errors import StackError
from tapeline_cli.load.kinds import Column, Kind, row_rule

if TYPE_CHECKING:
    import polars as pl

SHOWN_PROBLEMS = 20


@dataclass(frozen=True)
class Row:
    """One valid row. `line` is the line of a CSV file, or the row number of a Parquet file."""

    line: int
    values: dict[str, Any]


class FileProblems(StackError):
    """A file that cannot be loaded; one line per problem."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.problems = [f"{path.name}{text}" for text in problems]
        hidden = len(problems) - SHOWN_PROBLEMS
        rest = [f"and {hidden} more problems"] if hidden > 0 else []
        told = "\n".join([*self.problems[:SHOWN_PROBLEMS], *rest])
        super().__init__(told, "correct the file and load it again; nothing was loaded")


def read_rows(kind: Kind, path: Path) -> list[Row]:
    """All rows of the file. Raises FileProblems with every problem: nothing of a wrong file is loaded."""
    table = _read_text(path)
    _check_header(kind, path, table.columns)
    first = 1 if path.suffix == ".parquet" else 2
    rows: list[Row] = []
    problems: list[str] = []
    for line, cells in enumerate(table.iter_rows(named=True), first):
        values, wrong = _parse(kind, cells)
        if not wrong and (rule := row_rule(values)):
            wrong = [(rule[0], cells[rule[0]], rule[1])]
        problems += [f" line {line}, {column} {text!r}: {problem}" for column, text, problem in wrong]
        rows.append(Row(line, values))
    problems = problems or _repeats(kind, rows)
    if problems:
        raise FileProblems(path, problems)
    return rows


def _read_text(path: Path) -> pl.DataFrame:
    """The file with every cell as text, so that decimals keep their digits."""
    import polars as pl  # half a second, which every other command would pay

    try:
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False)
        if path.suffix == ".parquet":
            return pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
    except FileNotFoundError:
        raise FileProblems(path, [": there is no such file; check the path"]) from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        raise FileProblems(path, [f": cannot be read: {error}"]) from error
    raise FileProblems(path, [": is neither .csv nor .parquet; convert it or rename it"])


def _check_header(kind: Kind, path: Path, columns: list[str]) -> None:
    missing = [name for name in kind.required() if name not in columns]
    # An unknown column may be a misspelt optional one, whose values would silently be lost.
    unknown = [name for name in columns if name not in kind.known()]
    problems = [
        f": column {name} is missing; {kind.name} need {', '.join(kind.required())}" for name in missing
    ]
    problems += [
        f": column {name} is unknown; {kind.name} may have {', '.join(kind.known())}" for name in unknown
    ]
    if problems:
        raise FileProblems(path, problems)


def _parse(kind: Kind, cells: dict[str, str | None]) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """Values by record field without absent optionals, and (column, text, problem) of every wrong cell."""
    values: dict[str, Any] = {}
    wrong: list[tuple[str, str, str]] = []
    for column in kind.columns:
        text = (cells.get(column.name) or "").strip()
        try:
            if text or column.required:
                values[column.target] = _value(column, text)
            elif column.default is not None:
                values[column.target] = column.default
        except ValueError as error:
            wrong.append((column.name, text, str(error)))
    return values, wrong


def _value(column: Column, text: str) -> Any:
    if not text:
        raise ValueError("must not be empty")
    return column.parse(text)


def _repeats(kind: Kind, rows: list[Row]) -> list[str]:
    """Two rows for one thing, such as one position twice on one date: nobody can say which one counts."""
    seen: dict[tuple[Any, ...], int] = {}
    problems: list[str] = []
    for row in rows:
        identity = tuple(row.values[name] for name in kind.identity)
        first = seen.setdefault(identity, row.line)
        if first != row.line:
            text = ", ".join(str(part) for part in identity)
            problems.append(f" line {row.line}: {text} is already on line {first}; keep one of them")
    return problems
