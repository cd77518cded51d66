"""Moments as options take them: one reading for every command, so that all refuse the same."""

import datetime as dt

import typer


def parse_moment(text: str, option: str) -> dt.datetime:
    """A time with its zone. Raises BadParameter: without a zone it would mean another moment elsewhere."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        problem = f"{text!r} is no ISO 8601 time; write for example 2013-10-07T20:00:00Z"
        raise typer.BadParameter(problem, param_hint=option) from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone; add Z for UTC, or an offset", param_hint=option)
    return moment
