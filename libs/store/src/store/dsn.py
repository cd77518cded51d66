"""Forms of the database address: ours is libpq's `postgresql://`, SQLAlchemy wants the driver named."""

from sqlalchemy.engine import URL, make_url


def sqlalchemy_url(dsn: str) -> URL:
    """The address for SQLAlchemy with psycopg 3, e.g. `postgresql+psycopg://user@/db?host=/socket/dir`.

    Raises: ValueError when the address is not one of PostgreSQL.
    """
    url = make_url(dsn)
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(
            f"not a PostgreSQL address: {url.render_as_string()}; expected postgresql://user@host/db"
        )
    return url.set(drivername="postgresql+psycopg")
