"""Locked libraries: verified always, fetched only when needed, from the cache where it has them."""

import hashlib
from pathlib import Path

import pytest

from local_stack import ivy, jars
from local_stack.errors import PrerequisiteError
from local_stack.java import Java

JAVA = Java(Path("/nowhere"), (17,), "test")
CONTENT = {"alpha-1.jar": b"one", "beta-2.jar": b"two"}


@pytest.fixture(autouse=True)
def small_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    lines = [
        f"kafka  org.example:{name[:-4].replace('-', ':')}  {hashlib.sha256(content).hexdigest()}"
        for name, content in CONTENT.items()
    ]
    (tmp_path / "jars.lock").write_text("# comment\n" + "\n".join(lines))
    monkeypatch.setattr(jars, "LOCK_FILE", tmp_path / "jars.lock")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class FakeIvy:
    """Writes what was asked for; remembers what that was."""

    def __init__(self, content: dict[str, bytes]):
        self.content = content
        self.asked: list[list[str]] = []

    def __call__(self, java: Path, modules: list[tuple[str, str, str]], work_dir: Path, pattern: str) -> None:
        names = [f"{name}-{revision}.jar" for _, name, revision in modules]
        self.asked.append(names)
        (work_dir / "out").mkdir(parents=True)
        for name in names:
            (work_dir / "out" / name).write_bytes(self.content[name])


@pytest.fixture
def fake_ivy(monkeypatch: pytest.MonkeyPatch) -> FakeIvy:
    fake = FakeIvy(CONTENT)
    monkeypatch.setattr(ivy, "retrieve", fake)
    return fake


def test_a_complete_set_is_not_fetched_again(tmp_path: Path, fake_ivy: FakeIvy):
    assert jars.ensure("kafka", tmp_path / "jars", JAVA) == (tmp_path / "jars" / "kafka", 2)
    assert jars.ensure("kafka", tmp_path / "jars", JAVA)[1] == 0
    assert len(fake_ivy.asked) == 1


def test_a_second_checkout_takes_the_cache(tmp_path: Path, fake_ivy: FakeIvy):
    jars.ensure("kafka", tmp_path / "first", JAVA)
    directory, fetched = jars.ensure("kafka", tmp_path / "second", JAVA)
    assert fetched == 0
    assert {path.name: path.read_bytes() for path in directory.iterdir()} == CONTENT


def test_only_what_is_missing_is_fetched(tmp_path: Path, fake_ivy: FakeIvy):
    directory, _ = jars.ensure("kafka", tmp_path / "jars", JAVA)
    (directory / "beta-2.jar").unlink()
    (tmp_path / "cache" / "tapeline" / "jars" / "beta-2.jar").write_bytes(b"half")
    assert jars.ensure("kafka", tmp_path / "jars", JAVA)[1] == 1
    assert fake_ivy.asked[-1] == ["beta-2.jar"]
    assert jars.damaged("kafka", directory) == []


def test_an_altered_jar_is_found_and_replaced(tmp_path: Path, fake_ivy: FakeIvy):
    directory, _ = jars.ensure("kafka", tmp_path / "jars", JAVA)
    (directory / "alpha-1.jar").write_bytes(b"evil")
    assert [jar.file_name for jar in jars.damaged("kafka", directory)] == ["alpha-1.jar"]
    jars.ensure("kafka", tmp_path / "jars", JAVA)
    assert (directory / "alpha-1.jar").read_bytes() == b"one"


def test_a_download_that_differs_from_the_lock_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ivy, "retrieve", FakeIvy(CONTENT | {"beta-2.jar": b"other"}))
    with pytest.raises(PrerequisiteError, match=r"beta-2\.jar is not the locked one"):
        jars.ensure("kafka", tmp_path / "jars", JAVA)
    assert not (tmp_path / "jars" / "kafka" / "beta-2.jar").exists()


def test_an_old_version_is_taken_off_the_class_path(tmp_path: Path, fake_ivy: FakeIvy):
    directory, _ = jars.ensure("kafka", tmp_path / "jars", JAVA)
    (directory / "alpha-0.jar").write_bytes(b"old")
    jars.ensure("kafka", tmp_path / "jars", JAVA)
    assert not (directory / "alpha-0.jar").exists()


def test_a_mirror_replaces_the_default_repository(tmp_path: Path):
    text = ivy.settings_file(tmp_path, "https://mirror.example/maven", read_poms=False)
    assert 'root="https://mirror.example/maven/"' in text
    assert "root=" not in ivy.settings_file(tmp_path, None, read_poms=False)
