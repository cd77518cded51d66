"""The state directory: where things are, and who may read them."""

import stat
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.state import StateDir, checkout_root, read_json, write_json, write_private


def test_the_home_variable_names_another_place(tmp_path: Path):
    assert StateDir.from_environment({"TAPELINE_HOME": str(tmp_path)}).root == tmp_path.resolve()


def test_without_it_the_state_is_in_the_checkout():
    assert StateDir.from_environment({}).root == checkout_root() / ".tapeline"


def test_a_short_path_keeps_its_sockets():
    state = StateDir(Path("/srv/tapeline"))
    assert state.socket_dir == state.run_dir


def test_a_long_path_gets_short_sockets_of_its_own():
    first, second = StateDir(Path("/srv/" + "a" * 90)), StateDir(Path("/srv/" + "b" * 90))
    assert first.socket_dir != second.socket_dir
    for state in (first, second):
        assert len(str(state.postgres_socket_dir / ".s.PGSQL.5432")) < 104


def test_made_directories_are_private(tmp_path: Path):
    state = StateDir(tmp_path / "state")
    state.make()
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700


def test_a_socket_directory_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    state = StateDir(tmp_path / ("x" * 90))
    (tmp_path / "elsewhere").mkdir()
    state.socket_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StackError, match="not a directory of yours"):
        state.make()


def test_private_files_are_written_whole_and_only_when_they_differ(tmp_path: Path):
    path = tmp_path / "client.json"
    write_json(path, {"api_key": "k"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_json(path) == {"api_key": "k"}
    before = path.stat().st_ino
    write_json(path, {"api_key": "k"})
    assert path.stat().st_ino == before


def test_a_file_that_became_readable_is_closed_again(tmp_path: Path):
    path = tmp_path / "key"
    write_private(path, "k")
    path.chmod(0o644)
    write_private(path, "k")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_damaged_file_is_named(tmp_path: Path):
    path = tmp_path / "ports.json"
    path.write_text("{")
    with pytest.raises(StackError, match=r"ports\.json is damaged"):
        read_json(path)
    assert read_json(tmp_path / "absent.json") == {}
