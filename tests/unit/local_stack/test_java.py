"""Which Java is good enough, and what is said about one that is not."""

from pathlib import Path

import pytest

from local_stack.errors import PrerequisiteError
from local_stack.java import fault_of, find_java, parse_version


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', (17, 0, 15)),
        ('java version "1.8.0_292"', (8, 0)),
        ('openjdk version "21" 2023-09-19', (21,)),
        ('openjdk version "25.0.2-ea" 2026-01-20', (25, 0, 2)),
        ("command not found", None),
    ],
)
def test_versions_are_read(text: str, version: tuple[int, ...] | None):
    assert parse_version(text) == version


@pytest.mark.parametrize("version", [(17,), (17, 0, 1), (21, 0, 8), (24, 0, 2), (25, 0, 3), (26,)])
def test_good_versions(version: tuple[int, ...]):
    assert fault_of(version) is None


@pytest.mark.parametrize(
    ("version", "why"),
    [((8, 0), "too old"), ((11, 0, 20), "too old"), ((25,), "corrupts"), ((25, 0, 2), "corrupts")],
)
def test_bad_versions(version: tuple[int, ...], why: str):
    assert why in (fault_of(version) or "")


def make_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(0o755)
    return home


def test_java_home_comes_before_path(tmp_path: Path):
    home, other = make_java(tmp_path / "a", "21.0.1"), make_java(tmp_path / "b", "17.0.1")
    environment = {"JAVA_HOME": str(home), "PATH": f"{other}/bin:/bin:/usr/bin"}
    found = find_java(tmp_path / "shim", environment)
    assert (found.home, found.version, found.source) == (home, (21, 0, 1), "JAVA_HOME")


def test_a_bad_java_home_is_passed_over(tmp_path: Path):
    bad, good = make_java(tmp_path / "a", "11.0.1"), make_java(tmp_path / "b", "17.0.1")
    environment = {"JAVA_HOME": str(bad), "PATH": f"{good}/bin:/bin:/usr/bin"}
    assert find_java(tmp_path / "shim", environment).source == "PATH"


def test_every_candidate_is_named_when_none_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("local_stack.java.find_spec", lambda name: None)
    bad, worse = make_java(tmp_path / "a", "25.0.1"), make_java(tmp_path / "b", "1.8.0_1")
    environment = {"JAVA_HOME": str(bad), "PATH": f"{worse}/bin:/bin"}
    with pytest.raises(PrerequisiteError) as caught:
        find_java(tmp_path / "shim", environment)
    assert "JAVA_HOME: Java 25.0.1" in str(caught.value)
    assert "PATH: Java 8" in str(caught.value)
    assert "openjdk-17" in caught.value.fix
