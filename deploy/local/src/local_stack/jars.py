"""The Java libraries of Kafka and Spark: pinned, fetched once, verified every time they are used."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from local_stack import ivy
from local_stack.errors import PrerequisiteError
from local_stack.java import Java

LOCK_FILE = Path(__file__).with_name("jars.lock")
SETS = ("kafka", "spark")


@dataclass(frozen=True)
class Jar:
    """One locked library; `set_name` says on whose class path it is."""

    set_name: str
    organisation: str
    name: str
    revision: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.revision}.jar"

    @property
    def module(self) -> tuple[str, str, str]:
        return (self.organisation, self.name, self.revision)


def parse_lock(text: str) -> list[Jar]:
    """Lines `set  organisation:name:revision  sha256`; # starts a comment."""
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Jar(set_name, *module.split(":"), sha256) for set_name, module, sha256 in rows]  # type: ignore[call-arg]


def locked(set_name: str) -> list[Jar]:
    """The jars of one set, as locked."""
    return [jar for jar in parse_lock(LOCK_FILE.read_text()) if jar.set_name == set_name]


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(path: Path, jar: Jar) -> bool:
    return path.is_file() and sha256_of(path) == jar.sha256


def damaged(set_name: str, directory: Path) -> list[Jar]:
    """Jars of the set that are missing from the directory or differ from the lock."""
    return [jar for jar in locked(set_name) if not is_intact(directory / jar.file_name, jar)]


def shared_cache(fallback: Path) -> Path:
    """Where fetched jars are shared between checkouts; `fallback` where that cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        directory = (Path(base) if base else Path.home() / ".cache") / "tapeline" / "jars"
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        directory = fallback
        directory.mkdir(parents=True, exist_ok=True)
    return directory if os.access(directory, os.W_OK) else fallback


def ensure(set_name: str, jars_dir: Path, java: Java) -> tuple[Path, int]:
    """Make the verified set in `jars_dir/<set_name>`; returns that directory and how many jars were fetched.

    A complete set is not fetched again, an interrupted one is completed.
    Raises PrerequisiteError when a jar cannot be fetched or differs from the lock.
    """
    directory = jars_dir / set_name
    directory.mkdir(parents=True, exist_ok=True)
    wanted = damaged(set_name, directory)
    fetched = 0
    if wanted:
        cache = shared_cache(jars_dir / "cache")
        fetched = _fill_cache(set_name, wanted, cache, java)
        for jar in wanted:
            _place(cache / jar.file_name, directory / jar.file_name)
    _drop_strangers(set_name, directory)
    return directory, fetched


def _fill_cache(set_name: str, wanted: list[Jar], cache: Path, java: Java) -> int:
    absent = [jar for jar in wanted if not is_intact(cache / jar.file_name, jar)]
    if not absent:
        return 0
    work_dir = cache / f"ivy-{set_name}-{os.getpid()}"
    for jar in absent:
        (cache / jar.file_name).unlink(missing_ok=True)
    for leftover in cache.glob(f"ivy-{set_name}-*"):
        # Another run was interrupted: take over what it had already fetched.
        if leftover != work_dir and not psutil.pid_exists(int(leftover.name.rsplit("-", 1)[1])):
            leftover.rename(work_dir) if not work_dir.exists() else shutil.rmtree(leftover)
    ivy.retrieve(
        java.executable,
        [jar.module for jar in absent],
        work_dir,
        str(work_dir / "out/[artifact]-[revision].[ext]"),
    )
    for jar in absent:
        got = work_dir / "out" / jar.file_name
        if not is_intact(got, jar):
            was = sha256_of(got) if got.is_file() else "nothing"
            shutil.rmtree(work_dir)
            raise PrerequisiteError(
                f"{jar.file_name} is not the locked one: expected SHA-256 {jar.sha256}, was {was}",
                f"try again; if it stays so, the mirror in {ivy.MIRROR_VARIABLE} or the network alters files",
            )
        got.replace(cache / jar.file_name)
    shutil.rmtree(work_dir)
    return len(absent)


def _place(source: Path, target: Path) -> None:
    """Copy under another name first, so that a half-written jar never has the final name."""
    partial = target.with_suffix(f".{os.getpid()}.part")
    shutil.copyfile(source, partial)
    partial.replace(target)


def _drop_strangers(set_name: str, directory: Path) -> None:
    """An older version left beside the new one would be on the class path too."""
    known = {jar.file_name for jar in locked(set_name)}
    for path in directory.glob("*.jar"):
        if path.name not in known:
            path.unlink()
