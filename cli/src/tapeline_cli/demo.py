"""Loads the demo book and its history from data/demo, as `tapeline load` would."""

import hashlib

from local_stack.stack import Stack
from local_stack.state import checkout_root, write_private
from tapeline_cli.connection import Connection
from tapeline_cli.load import load_files

FILES = (
    ("instruments", "instruments.csv"),
    ("portfolios", "portfolios.csv"),
    ("fx", "fx.parquet"),
    ("positions", "positions.csv"),
    ("prices", "prices.parquet"),
    ("corporate-actions", "corporate-actions.csv"),
    ("limits", "limits.csv"),
)


def load(stack: Stack) -> str:
    """Take in data/demo once per stack and version of the files.

    Loading again at every `up` would put back demo positions that somebody has changed since.
    """
    folder = checkout_root() / "data" / "demo"
    version = hashlib.sha256(stack.endpoints.postgres.encode())
    for _, name in FILES:
        version.update((folder / name).read_bytes())
    stamp = stack.state.root / "demo-loaded"
    if stamp.exists() and stamp.read_text() == version.hexdigest():
        return "loaded already"
    files = [(kind, folder / name) for kind, name in FILES]
    results = load_files(Connection.of_stack(stack.state), files)
    write_private(stamp, version.hexdigest())
    new, rows = sum(result.written for result in results), sum(result.rows for result in results)
    return f"{new} of {rows} rows were new"
