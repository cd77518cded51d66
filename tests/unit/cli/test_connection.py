"""Which platform a command talks to."""

import pytest

from local_stack.errors import StackError
from local_stack.state import StateDir, write_json
from tapeline_cli import keys
from tapeline_cli.connection import Connection

STACK = {"api_url": "http://127.0.0.1:1", "api_key": "k", "kafka": "127.0.0.1:2", "postgres": "dbname=a"}


def test_the_stack_of_this_machine_unless_the_environment_names_one(tmp_path):
    write_json(tmp_path / "client.json", STACK)
    (tmp_path / "key").write_text("secret\n")
    there = {
        "TAPELINE_API_URL": "http://api-gateway:8080",
        "TAPELINE_API_KEY_FILE": str(tmp_path / "key"),
        "TAPELINE_KAFKA": "kafka:9092",
        "TAPELINE_POSTGRES": "postgresql://tapeline@postgres/tapeline",
    }
    here = {"TAPELINE_POSTGRES": "dbname=given"}  # means the same database as client.json does
    assert Connection.of_stack(StateDir(tmp_path), here).postgres == "dbname=a"
    found = Connection.of_stack(StateDir(tmp_path), there)
    assert found == Connection("http://api-gateway:8080", "secret", "kafka:9092", there["TAPELINE_POSTGRES"])
    admin = Connection.of_stack(StateDir(tmp_path), {**there, "TAPELINE_ADMIN_URL": "http://127.0.0.1:8081"})
    assert admin.admin_url == "http://127.0.0.1:8081"


def test_keys_are_asked_for_at_the_administrative_address(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setenv("TAPELINE_HOME", str(tmp_path))

    def request_json(method, url, **_):
        asked.append((method, url))
        return {"data": [], "next_cursor": "more" if len(asked) == 1 else None}

    monkeypatch.setattr(keys, "request_json", request_json)
    write_json(tmp_path / "client.json", {**STACK, "admin_url": "http://127.0.0.1:4"})
    keys.list_keys(as_json=True)
    first = "http://127.0.0.1:4/v1/keys?limit=5000"
    assert asked == [("GET", first), ("GET", first + "&cursor=more")], "page by page"
    write_json(tmp_path / "client.json", STACK)
    with pytest.raises(StackError, match="TAPELINE_ADMIN_URL"):
        keys.list_keys(as_json=True)
    assert len(asked) == 2


def test_half_an_environment_is_refused(tmp_path):
    with pytest.raises(StackError, match="TAPELINE_KAFKA, TAPELINE_POSTGRES, TAPELINE_API_KEY_FILE is not"):
        Connection.of_stack(StateDir(tmp_path), {"TAPELINE_API_URL": "http://api-gateway:8080"})


def test_a_key_that_cannot_be_read_is_told(tmp_path):
    environment = {
        "TAPELINE_API_URL": "u",
        "TAPELINE_KAFKA": "k",
        "TAPELINE_POSTGRES": "p",
        "TAPELINE_API_KEY_FILE": str(tmp_path / "nothing"),
    }
    with pytest.raises(StackError, match="no API key"):
        Connection.of_stack(StateDir(tmp_path), environment)


def test_without_a_stack_the_fix_is_told(tmp_path):
    with pytest.raises(StackError, match=r"client\.json is missing"):
        Connection.of_stack(StateDir(tmp_path), {})
