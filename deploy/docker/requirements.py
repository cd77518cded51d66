"""Picks what one package of the workspace needs out of the lock, so that its image holds nothing else.

`python deploy/docker/requirements.py PACKAGE DIRECTORY` writes DIRECTORY/requirements.txt (lines of the lock
with their hashes) and DIRECTORY/members.txt (directories of our own packages). Standard library only.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "locks/app.txt"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def name_of(requirement: str) -> str:
    """The normalised name in front of extras, versions and markers."""
    match = _NAME.match(requirement)
    if match is None:
        raise ValueError(f"{requirement!r} is no requirement")
    return re.sub(r"[-_.]+", "-", match.group()).lower()


def projects() -> dict[str, tuple[Path, list[str]]]:
    """Directory and declared dependencies of each of our packages, by name."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["workspace"]
    found = {}
    for pattern in workspace["members"]:
        for directory in sorted(ROOT.glob(pattern)):
            if (file := directory / "pyproject.toml").is_file():
                project = tomllib.loads(file.read_text())["project"]
                found[project["name"]] = (directory, project["dependencies"])
    return found


def closure(package: str) -> tuple[list[Path], set[str]]:
    """Our own packages that `package` stands on, itself included, and the other names they declare."""
    known = projects()
    if package not in known:
        raise ValueError(f"{package} is no package here; there are {', '.join(sorted(known))}")
    waiting, ours, others = [package], {}, set()
    while waiting:
        one = waiting.pop()
        directory, dependencies = known[one]
        ours[one] = directory
        names = {name_of(dependency) for dependency in dependencies}
        waiting += sorted((names & known.keys()) - ours.keys())
        others |= names - known.keys()
    return [ours[name] for name in sorted(ours)], others


def declared(names: Iterable[str]) -> list[str]:
    """The names as locks/app.in writes them: extras such as psycopg[binary] are decided there."""
    lines = (line.split("#")[0].strip() for line in (ROOT / "locks/app.in").read_text().splitlines())
    extras = {name_of(line): line for line in lines if line}
    return [extras.get(name, name) for name in sorted(names)]


def locked(names: Iterable[str], text: str) -> str:
    """The entries of a lock for these names, in the lock's order. Raises ValueError where one is missing.

    A name may have several, each for other versions of Python.
    """
    wanted = set(names)
    entries = [
        (name_of(entry), entry) for entry in re.split(r"(?m)^(?=[A-Za-z0-9])", text) if _NAME.match(entry)
    ]
    if missing := sorted(wanted - {name for name, _ in entries}):
        raise ValueError(f"the lock has no {', '.join(missing)}; add it to locks/app.in, run `make lock`")
    return "".join(entry for name, entry in entries if name in wanted)


def resolved(names: Iterable[str]) -> set[str]:
    """Names of everything that these pull in, with the extras of whatever that is."""
    found = set(names)
    while (more := compiled(declared(found))) != found:
        found = more
    return found


def compiled(requirements: Iterable[str]) -> set[str]:
    """Names of everything that the requirements pull in at the lock's versions."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header"]
    done = subprocess.run(
        [*command, "--constraints", str(LOCK), "-"],
        input="\n".join(requirements),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"uv could not resolve the requirements: {done.stderr}")
    return {name_of(line) for line in done.stdout.splitlines() if _NAME.match(line)}


def main(package: str, directory: str) -> None:
    ours, others = closure(package)
    wanted = locked(resolved(others), LOCK.read_text())
    target = Path(directory)
    (target / "requirements.txt").write_text(wanted)
    (target / "members.txt").write_text("".join(f"./{one.relative_to(ROOT)}\n" for one in ours))


if __name__ == "__main__":
    main(*sys.argv[1:])
