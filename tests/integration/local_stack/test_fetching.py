"""Fetching the Java libraries with the real Ivy: no network, and going on where an attempt stopped."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local_stack import ivy, jars
from local_stack.errors import PrerequisiteError
from local_stack.java import Java, find_java
from local_stack.ports import free_port
from local_stack.state import checkout_root

pytestmark = pytest.mark.integration

CONTENT = {"alpha-1.jar": b"one", "beta-2.jar": b"two"}


class Repository:
    """A Maven repository on loopback: what it has, and which jars it has handed out."""

    def __init__(self) -> None:
        self.has = dict(CONTENT)
        self.sent: list[str] = []
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                found = repository.has.get(name)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                if found is not None and self.command == "GET":
                    repository.sent.append(name)
                    self.wfile.write(found)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """The test asks `sent`."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/maven"


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    made = Repository()
    monkeypatch.setenv(ivy.MIRROR_VARIABLE, made.address)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Java:
    """The real one, with a lock of two small libraries and a cache of its own."""
    lines = [
        f"kafka  org.example:{name[:-4].replace('-', ':')}  {hashlib.sha256(content).hexdigest()}"
        for name, content in CONTENT.items()
    ]
    (tmp_path / "jars.lock").write_text("\n".join(lines))
    monkeypatch.setattr(jars, "LOCK_FILE", tmp_path / "jars.lock")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return find_java(checkout_root() / ".tapeline/java")


def test_without_a_network_the_message_says_what_to_do(
    tmp_path: Path, java: Java, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ivy.MIRROR_VARIABLE, f"http://127.0.0.1:{free_port()}/maven")
    with pytest.raises(PrerequisiteError, match="the Java libraries could not be fetched") as failed:
        jars.ensure("kafka", tmp_path / "jars", java)
    assert "check the network" in failed.value.fix
    assert ivy.MIRROR_VARIABLE in failed.value.fix


def test_a_second_attempt_asks_only_for_what_the_first_did_not_get(
    tmp_path: Path, java: Java, repository: Repository
) -> None:
    del repository.has["beta-2.jar"]
    with pytest.raises(PrerequisiteError, match="beta"):
        jars.ensure("kafka", tmp_path / "jars", java)
    assert repository.sent == ["alpha-1.jar"]

    repository.has["beta-2.jar"] = CONTENT["beta-2.jar"]
    directory, _ = jars.ensure("kafka", tmp_path / "jars", java)
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == CONTENT
    assert repository.sent == ["alpha-1.jar", "beta-2.jar"]
