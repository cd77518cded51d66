"""Bring schema `ops` to the newest version, and tell which version a database has."""

import alembic.command
import alembic.config
import alembic.script
from sqlalchemy import Engine, NullPool, create_engine, text

from store.dsn import sqlalchemy_url
from store.password import password_option

_LOCK_KEY = 0x7A9E11  # one migrator at a time; any fixed number serves


class SchemaOutdated(RuntimeError):
    """The database does not have the schema version that this code needs."""


def migrate(dsn: str) -> str:
    """Upgrade to the newest version in one transaction and return it; does nothing when already there.

    Raises: sqlalchemy.exc.OperationalError when the database does not answer.
    """
    with _engine(dsn).begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        config = _config()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
    return head()


def head() -> str:
    """The version this code is written for."""
    revision = alembic.script.ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "the package has no migrations"
    return revision


def current(dsn: str) -> str | None:
    """The version a database has, None before the first migration."""
    with _engine(dsn).connect() as connection:
        if connection.scalar(text("SELECT to_regclass('ops.alembic_version')")) is None:
            return None
        return connection.scalar(text("SELECT version_num FROM ops.alembic_version"))


def require_head(dsn: str) -> None:
    """Check the version before a service writes.

    Raises: SchemaOutdated with the command that mends it.
    """
    found = current(dsn)
    if found != head():
        raise SchemaOutdated(f"schema ops is at {found}, this code needs {head()}: run `python -m store`")


def _engine(dsn: str) -> Engine:
    """For one connection."""
    options = {"connect_timeout": 5, **password_option()}
    return create_engine(sqlalchemy_url(dsn), poolclass=NullPool, connect_args=options)


def _config() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", "store:migrations")
    config.set_main_option("path_separator", "os")
    return config
