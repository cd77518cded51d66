"""Writes jars.lock from jars.in: `python -m local_stack.lock_jars` (part of `make lock`)."""

import tempfile
from pathlib import Path

from local_stack import ivy
from local_stack.jars import LOCK_FILE, sha256_of
from local_stack.java import find_java

_HEADER = (
    "# Made by `python -m local_stack.lock_jars` from jars.in: "
    "set, organisation:name:revision, SHA-256 of the jar\n"
)
_PATTERN = "[organisation]~[artifact]~[revision].[ext]"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        java = find_java(Path(scratch) / "java").executable
        lines: list[str] = []
        for number, (set_name, follow, modules) in enumerate(_requests()):
            work_dir = Path(scratch) / str(number)
            ivy.retrieve(
                java, modules, work_dir, str(work_dir / "out" / _PATTERN), follow_dependencies=follow
            )
            for path in sorted((work_dir / "out").iterdir()):
                lines.append(f"{set_name}  {path.stem.replace('~', ':')}  {sha256_of(path)}")
    LOCK_FILE.write_text(_HEADER + "\n".join(lines) + "\n")


def _requests() -> list[tuple[str, bool, list[tuple[str, str, str]]]]:
    """The lines of jars.in as (set, follow dependencies?, modules)."""
    grouped: dict[tuple[str, bool], list[tuple[str, str, str]]] = {}
    for line in LOCK_FILE.with_suffix(".in").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        set_name, module, *options = line.split()
        organisation, name, revision = module.split(":")
        grouped.setdefault((set_name, options == ["+dependencies"]), []).append(
            (organisation, name, revision)
        )
    return [(set_name, follow, modules) for (set_name, follow), modules in grouped.items()]


if __name__ == "__main__":
    main()
