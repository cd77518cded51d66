"""`python -m client_tools`: write types.py and operations.py from docs/reference/openapi.json."""

import json
from pathlib import Path

from client_tools.operations import operations_module
from client_tools.types import types_module

CLIENT = Path(__file__).resolve().parents[1] / "tapeline_client"
DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "reference" / "openapi.json"


def main() -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for name, make in (("types", types_module), ("operations", operations_module)):
        (CLIENT / f"{name}.py").write_text(make(document), encoding="utf-8")


if __name__ == "__main__":
    main()
