"""The database's password in a file that may change while we run.

libpq and asyncpg know password files too (PGPASSFILE), but refuse one that a group may read, and a secret
mounted for a user other than root is just that.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

VARIABLE = "TAPELINE_POSTGRES_PASSWORD_FILE"


def password_reader() -> Callable[[], str] | None:
    """What asyncpg asks at each new connection. It raises OSError where the file cannot be read.

    None without the variable: then the address holds the password, PGPASSWORD does, or none is asked.
    """
    name = os.environ.get(VARIABLE)
    return (lambda: Path(name).read_text().strip()) if name else None


def password_option() -> dict[str, Any]:
    """The same for one connection of psycopg, as its keyword; empty without the variable."""
    read = password_reader()
    return {"password": read()} if read else {}
