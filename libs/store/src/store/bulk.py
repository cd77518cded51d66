"""Writing many rows: COPY into a temporary table, then one INSERT .. SELECT that settles repeats."""

# ruff: noqa: S608  every name put into SQL text is a table or column of store.tables; values go through COPY

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from store.database import Connection
from store.tables.base import Fact, Relation, State

Row = Mapping[str, Any] | Sequence[Any]


async def insert_rows(
    conn: Connection,
    relation: type[Relation],
    rows: Iterable[Row],
    *,
    columns: Sequence[str] | None = None,
    on_conflict: Literal["nothing", "update"] = "nothing",
) -> int:
    """Insert rows and return how many were inserted or updated.

    Parameters: rows are mappings that all have the keys of the first, or tuples in the order of `columns`
    (default `relation.columns()`). Numerics may be Decimal, int or str. `nothing` leaves existing rows alone;
    `update` replaces them and is for states, since facts are append-only. Where a state says `ordered_by`,
    an older row never replaces a newer one. `update` needs distinct keys within one call.
    Raises: asyncpg.PostgresError for a row that breaks a constraint; then nothing of the call is kept.
    """
    names, records = _records(relation, rows, columns)
    if not records:
        return 0
    async with conn.transaction():
        stage = await _stage(conn, relation, names, records)
        listed = _quoted(names)
        status = await conn.execute(
            f"INSERT INTO {relation.qualified()} AS t ({listed}) SELECT {listed} FROM {stage} "
            f"ON CONFLICT {_on_conflict(relation, names, on_conflict)}"
        )
        await conn.execute(f"DROP TABLE {stage}")
    return int(status.rpartition(" ")[2])


async def append_revisions(
    conn: Connection, fact: type[Fact], rows: Iterable[Row], *, columns: Sequence[str] | None = None
) -> list[tuple[Any, ...]]:
    """Append what is new or differs from its latest revision, numbered latest + 1; a repeat adds nothing.

    Parameters: rows as in `insert_rows` but without `revision`, one row per natural key. A difference in
    `recorded_at`, `evidence` or the table's `unmeasured` columns alone is no change.
    Returns: (natural key..., revision) of every row appended.
    Raises: asyncpg.PostgresError, UniqueViolationError when one call has two versions of a key.
    """
    names, records = _records(fact, rows, columns or [name for name in fact.columns() if name != "revision"])
    if not records:
        return []
    key = fact.natural_key()
    content = [name for name in fact.content() if name in names]
    same_key = " AND ".join(f't."{name}" = s."{name}"' for name in key)
    async with conn.transaction():
        # One writer of revisions per table at a time: two would both number theirs latest + 1.
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext($1))", fact.qualified())
        stage = await _stage(conn, fact, names, records)
        # Statistics of a table that was empty make a scan look free; each row would read all before it.
        await conn.execute("SET LOCAL enable_seqscan = off")
        appended = await conn.fetch(
            f"INSERT INTO {fact.qualified()} ({_quoted(names)}, revision) "
            f"SELECT {_quoted(names, 's')}, coalesce(l.revision, 0) + 1 FROM {stage} s "
            f"LEFT JOIN LATERAL (SELECT * FROM {fact.qualified()} t WHERE {same_key} "
            f"ORDER BY t.revision DESC LIMIT 1) l ON true "
            f"WHERE l.revision IS NULL "
            f"OR ROW({_quoted(content, 's')}) IS DISTINCT FROM ROW({_quoted(content, 'l')}) "
            f"RETURNING {_quoted((*key, 'revision'))}"
        )
        await conn.execute("SET LOCAL enable_seqscan = on")
        await conn.execute(f"DROP TABLE {stage}")
    return [tuple(row) for row in appended]


def _records(
    relation: type[Relation], rows: Iterable[Row], columns: Sequence[str] | None
) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Column names and rows as tuples in that order."""
    given = list(rows)
    if given and isinstance(given[0], Mapping):
        names = tuple(given[0])
        records = [tuple(row[name] for name in names) for row in given]  # type: ignore[call-overload]
    else:
        names = tuple(columns or relation.columns())
        records = [tuple(row) for row in given]
    unknown = set(names) - set(relation.columns())
    if unknown:
        raise ValueError(f"{relation.qualified()} has no column {', '.join(sorted(unknown))}")
    return names, records


async def _stage(
    conn: Connection, relation: type[Relation], names: Sequence[str], records: list[tuple[Any, ...]]
) -> str:
    """Copy the records into a temporary table of these columns, which ends with the transaction."""
    stage = f"stage_{relation.table().name}"
    await conn.execute(
        f'CREATE TEMP TABLE "{stage}" ON COMMIT DROP AS '
        f"SELECT {_quoted(names)} FROM {relation.qualified()} WITH NO DATA"
    )
    await conn.copy_records_to_table(stage, records=records, columns=list(names))
    return f'pg_temp."{stage}"'


def _on_conflict(relation: type[Relation], names: Sequence[str], on_conflict: str) -> str:
    if on_conflict == "nothing":
        return "DO NOTHING"
    if not issubclass(relation, State):
        raise ValueError(f"{relation.qualified()} is append-only: add a revision instead of an update")
    key = relation.natural_key()
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in key)
    newer = ""
    if relation.ordered_by:
        order = _quoted(relation.ordered_by, "t"), _quoted(relation.ordered_by, "excluded")
        newer = f" WHERE ({order[0]}) <= ({order[1]})"
    return f"({_quoted(key)}) DO UPDATE SET {changes}{newer}"


def _quoted(names: Iterable[str], alias: str = "") -> str:
    prefix = f"{alias}." if alias else ""
    return ", ".join(f'{prefix}"{name}"' for name in names)
