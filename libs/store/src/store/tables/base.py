"""What every table of schema `ops` shares: the metadata, column types and the two kinds of tables."""

import re
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Double, MetaData, PrimaryKeyConstraint, Table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

SCHEMA = "ops"

_NAMES = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

PROVENANCE = ("revision", "recorded_at", "evidence")

metadata = MetaData(schema=SCHEMA, naming_convention=_NAMES)


def timestamp(**column: Any) -> Any:
    """A `timestamptz` column: a moment, always handed over with its zone."""
    return Field(sa_type=DateTime(timezone=True), **column)  # type: ignore[call-overload]


def bigint(**column: Any) -> Any:
    """A `bigint` column: offsets, counts, microseconds and prices times 10^8."""
    return Field(sa_type=BigInteger, **column)


def double(**column: Any) -> Any:
    """A `double precision` column: model outputs and ages, never money."""
    return Field(sa_type=Double, **column)


def json(**column: Any) -> Any:
    """A `jsonb` column; decimals inside are strings."""
    return Field(sa_type=JSONB, **column)


def unique_by(*key: str) -> PrimaryKeyConstraint:
    """The primary key of a state table, in look-up order."""
    return PrimaryKeyConstraint(*key)


def versioned_by(*key: str) -> PrimaryKeyConstraint:
    """The primary key of a fact table: the natural key in look-up order, then the revision."""
    return PrimaryKeyConstraint(*key, "revision")


class Relation(SQLModel):
    """Base of all tables of schema `ops`."""

    metadata: ClassVar[MetaData] = metadata  # type: ignore[misc]

    @declared_attr  # type: ignore[arg-type]
    def __tablename__(cls) -> str:
        """`PriceBar` is stored in `price_bar`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()  # type: ignore[attr-defined]

    @classmethod
    def table(cls) -> Table:
        """The SQLAlchemy table behind this model."""
        return cls.__table__  # type: ignore[attr-defined,no-any-return]

    @classmethod
    def natural_key(cls) -> tuple[str, ...]:
        """What identifies one row to a user of the table (for facts: all its revisions together)."""
        return tuple(column.name for column in cls.table().primary_key if column.name != "revision")

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Column names, natural key first; the order of tuples given to `store.bulk`."""
        key = cls.natural_key()
        return (*key, *(column.name for column in cls.table().columns if column.name not in key))

    @classmethod
    def qualified(cls) -> str:
        """Quoted schema and table name for SQL text."""
        return f'"{SCHEMA}"."{cls.table().name}"'


class Fact(Relation):
    """A row that is only ever appended: a change is the same natural key with revision + 1.

    The database refuses UPDATE and DELETE on facts. The view `<name>_latest` shows the highest revision of
    each key. "As known at t" is the highest revision with recorded_at <= t.
    """

    unmeasured: ClassVar[frozenset[str]] = frozenset()
    """Columns that say how a row came about; a difference in these alone is no new revision."""

    revision: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    recorded_at: datetime = timestamp(sa_column_kwargs={"server_default": text("now()")})
    evidence: dict[str, Any] = json(default_factory=dict, sa_column_kwargs={"server_default": text("'{}'")})

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Natural key, content, then revision, recorded_at, evidence."""
        return (*cls.natural_key(), *cls.content(), *sorted(cls.unmeasured), *PROVENANCE)

    @classmethod
    def content(cls) -> tuple[str, ...]:
        """Columns whose change makes a new revision."""
        aside = {*cls.natural_key(), *cls.unmeasured, *PROVENANCE}
        return tuple(column.name for column in cls.table().columns if column.name not in aside)


class State(Relation):
    """A small table of newest values, changed in place."""

    ordered_by: ClassVar[tuple[str, ...]] = ()
    """Columns whose order decides which of two rows is newer; an older row never replaces a newer one."""
