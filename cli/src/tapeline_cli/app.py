"""The Typer application: one line per module of commands."""

import typer

from tapeline_cli import (
    audit,
    bars,
    bench,
    diagnosis,
    keys,
    limits,
    replay,
    report,
    session,
    stack,
    topics,
    warehouse,
)
from tapeline_cli.dlq import commands as dlq
from tapeline_cli.eod import commands as eod
from tapeline_cli.load import commands as load

app = typer.Typer(
    name="tapeline",
    help="Real-time portfolio value and risk on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# Each module has `register(app)`, which adds its commands or its group.
stack.register(app)
diagnosis.register(app)
load.register(app)
replay.register(app)
bars.register(app)
session.register(app)
eod.register(app)
warehouse.register(app)
report.register(app)
limits.register(app)
keys.register(app)
audit.register(app)
topics.register(app)
dlq.register(app)
bench.register(app)
