"""The database's password in a file."""

from pathlib import Path

import pytest

from store.password import VARIABLE, password_option, password_reader


def test_without_a_file_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert password_reader() is None
    assert password_option() == {}


def test_the_file_is_read_each_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "password"
    monkeypatch.setenv(VARIABLE, str(file))
    read = password_reader()
    assert read is not None
    for password in ("first", "second"):
        file.write_text(f"{password}\n")
        assert (read(), password_option()) == (password, {"password": password})


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        password_option()
