"""`python -m contract_tools`: write every file that is derived from the topic files."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from contract_tools import gate
from contract_tools.asyncapi import document
from contract_tools.model import ROOT, TopicFile, TopicFileError, read_topics
from contract_tools.page import page
from contract_tools.python_code import init_module, topics_module, types_module

PACKAGE = ROOT / "src" / "contracts"
DOCS = ROOT.parent / "docs" / "reference"


def derived_files() -> dict[Path, str]:
    """Path -> text of every derived file, without writing anything.

    Raises gate.Incompatible when a record was changed in a way that its past forbids.
    """
    topics = read_topics()
    files = {
        PACKAGE / "__init__.py": init_module(topics),
        PACKAGE / "types.py": types_module(topics),
        PACKAGE / "topics.py": topics_module(topics),
        ROOT / "asyncapi.json": json.dumps(document(topics), indent=2) + "\n",
        DOCS / "topics.md": page(topics),
    }
    for topic in topics:
        files |= _new_version(topic)
    return files


def _new_version(topic: TopicFile) -> dict[Path, str]:
    number = gate.next_version(topic.topic, topic.record)
    if number is None:
        return {}
    record = gate.without_docs(topic.record)
    folder = gate.HISTORY / topic.topic
    return {
        folder / f"{number}.json": json.dumps(msgspec.to_builtins(record), indent=1) + "\n",
        folder / f"{number}.golden": gate.golden_lines(record),
    }


def main() -> int:
    """Write what differs and say so. 1 when the topic files break a rule."""
    try:
        files = derived_files()
    except (TopicFileError, gate.Incompatible) as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in files.items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
