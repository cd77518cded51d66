"""dbt that stays loaded: reads one call a line from its input, runs it in a fork, answers with its exit code.

`python -P dbt_process.py`, by the Python of .venv-dbt. Loading dbt takes longer than most of the calls of a
test do, and a fork begins as a fresh process does: with nothing of the call before. A call is JSON with
`arguments`, `environment` and `output`, the file for what dbt prints. The end of the input is the end.
"""

import importlib
import json
import os
import sys
from typing import Any

from dbt.cli.main import dbtRunner  # pyright: ignore[reportMissingImports]

for adapter in ("postgres", "duckdb"):
    importlib.import_module(f"dbt.adapters.{adapter}")


def run(call: dict[str, Any]) -> int:
    output = os.open(call["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(call["environment"])
    done = dbtRunner().invoke(call["arguments"])
    if done.exception is not None:
        sys.stdout.write(f"{done.exception}\n")
    sys.stdout.flush()
    return 0 if done.success else 1


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os._exit(run(json.loads(line)))
    _, status = os.waitpid(child, 0)
    sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
    sys.stdout.flush()
