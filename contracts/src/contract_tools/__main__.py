"""`python -m contract_tools`: write every file that is derived from the topic files."""

from __future__ import annotations

from pathlib import Path

from contract_tools.model import ROOT, read_topics
from contract_tools.python_code import init_module, topics_module, types_module

PACKAGE = ROOT / "src" / "contracts"


def derived_files() -> dict[Path, str]:
    """Path -> text of every derived file, without writing anything."""
    topics = read_topics()
    return {
        PACKAGE / "__init__.py": init_module(topics),
        PACKAGE / "types.py": types_module(topics),
        PACKAGE / "topics.py": topics_module(topics),
    }


def main() -> None:
    """Write what differs and say so."""
    for path, text in derived_files().items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT.parent)}")


if __name__ == "__main__":
    main()
