"""Log lines hold no secret and cannot be forged by what is logged."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chassis.logs import configure_logging, get_logger

KEY = "tl_0123456789ab_" + "Zk3x-_9Qw" * 5
TOKEN = "ey" + "JhbGciOiJSUzI1NiJ9." + "ey" + "JzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLWEtdG9rZW4"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_secret_is_logged_wherever_it_stands(log_format, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", log_format)
    log = get_logger("test")
    log.info("refused", path=f"/v1/{KEY}", given={"headers": [f"Bearer {TOKEN}"]})
    log.info("connecting", dsn="postgresql://ann:hunter2@db/tapeline?host=h")
    logging.getLogger("library").warning("got %s", KEY)
    try:
        raise ValueError(f"not a key: {KEY}")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert written.count("[hidden]") >= 5
    for secret in (KEY, KEY[16:], TOKEN.split(".")[1], "hunter2"):
        assert secret not in written
    assert "@db/tapeline" in written


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_line_break_in_what_is_logged_makes_no_line(log_format, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test", log_format)
    get_logger("test").info("problem", path="/v1\r\n2026-01-01 [info] forged", detail="\x1b[2J\n")
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b[2J" not in line
    if log_format == "json":
        assert json.loads(line)["path"].endswith("forged")
