"""From JSON Schema to Python annotations."""

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
LINE = 110

_QUOTES = '"' * 3
_FORMATS = {"decimal": "Decimal", "date-time": "datetime", "date": "date"}
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def annotation(schema: Schema, types: str = "") -> str:
    """The annotation of a schema; `types` goes before names of other schemas."""
    if "$ref" in schema:
        return types + schema["$ref"].rpartition("/")[2]
    parts = (*schema.get("anyOf", ()), *schema.get("oneOf", ()))
    if parts:
        found = dict.fromkeys(annotation(part, types) for part in parts)
        if "float" in found and "int" in found:
            del found["int"]
        return " | ".join(sorted(found, key="None".__eq__))
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if values:
        return f"Literal[{', '.join(map(repr, values))}]"
    return _of_type(schema, types)


def _of_type(schema: Schema, types: str) -> str:
    match schema.get("type"):
        case "array":
            return f"tuple[{annotation(schema['items'], types) if schema.get('items') else 'Any'}, ...]"
        case "object":
            value = schema.get("additionalProperties")
            return f"dict[str, {annotation(value, types) if isinstance(value, dict) and value else 'Any'}]"
        case "string":
            return _FORMATS.get(schema.get("format", ""), "str")
        case str() as simple:
            return _SIMPLE[simple]
        case _:
            return "Any"


def nullable(schema: Schema) -> bool:
    return annotation(schema).endswith("None")


def identifier(name: str) -> str:
    """`listBars` -> `list_bars`, `Idempotency-Key` -> `idempotency_key`, `from` -> `from_`."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    return f"{snake}_" if keyword.iskeyword(snake) else snake


def docstring(text: str, indent: str) -> str:
    """A docstring of the text; lines that are too long are wrapped."""
    width = LINE - len(indent) - 2 * len(_QUOTES)
    lines: list[str] = []
    for line in text.strip().replace("\\", "\\\\").splitlines():
        lines += textwrap.wrap(line.strip(), width) or [""]
    if len(lines) == 1:
        return f"{indent}{_QUOTES}{lines[0]}{_QUOTES}"
    body = "".join(f"{indent}{line}".rstrip() + "\n" for line in lines[1:])
    return f"{indent}{_QUOTES}{lines[0]}\n{body}{indent}{_QUOTES}"


def formatted(code: str) -> str:
    """The code without unused imports, laid out, as ruff leaves it."""
    for command in (
        ["check", "--quiet", "--select", "F401", "--fix"],
        ["format", "--line-length", str(LINE)],
    ):
        arguments = [sys.executable, "-m", "ruff", *command, "--isolated", "-"]
        code = subprocess.run(arguments, input=code, capture_output=True, text=True, check=True).stdout
    return code
