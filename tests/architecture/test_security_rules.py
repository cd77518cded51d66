"""Rules of security that can be read off the source."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from api_gateway.app import build
from api_gateway.openapi import document

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "services" / "api-gateway" / "src" / "api_gateway"
RUNNING = ("services", "libs", "jobs", "reports", "cli", "deploy/local", "contracts")
EXECUTING = {
    "execute",
    "executemany",
    "fetch",
    "fetchrow",
    "fetchval",
    "cursor",
    "copy_from_query",
    "prepare",
}
# They put names of our own tables into SQL, never values: libs/store/src/store/bulk.py says how.
BUILDING_SQL = {"bulk.py"}
# All that reaches out of the gateway over HTTP; addresses come from the settings.
ASKING = {"adapters/analyst.py", "security/composition.py", "security/signing_keys.py"}
HTTP_CLIENTS = {"httpx", "requests", "urllib.request", "urllib3", "aiohttp", "http.client"}
# Spelled in pieces so that this file does not find itself.
SECRETS = re.compile(
    "-----BEGIN [A-Z ]*PRIVATE KE" + "Y-----|AKI" + "A[0-9A-Z]{16}|gh[pousr]" + "_[A-Za-z0-9]{36}"
    "|tl_[0-9a-f]{12}"
    + "_[A-Za-z0-9_-]{43}|ey"
    + r"J[A-Za-z0-9_-]{20,}\.ey"
    + r"J[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}"
)


def sources(*below: str) -> Iterator[Path]:
    for folder in below:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and not any(part.startswith(".") for part in path.parts):
                yield path


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text()))


def is_built(query: ast.expr) -> bool:
    """Whether a text of SQL is put together where it is executed."""
    if isinstance(query, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in query.values)
    if isinstance(query, ast.BinOp):
        return is_built(query.left) or is_built(query.right) or isinstance(query.op, ast.Mod)
    if isinstance(query, ast.NamedExpr):
        return is_built(query.value)
    if isinstance(query, ast.IfExp):
        return is_built(query.body) or is_built(query.orelse)
    formats = (
        isinstance(query, ast.Call) and isinstance(query.func, ast.Attribute) and query.func.attr == "format"
    )
    return formats and isinstance(query.func.value, ast.Constant)  # type: ignore[attr-defined]


def built_in(function: ast.AST) -> set[str]:
    """Names that a function gives a text it puts together."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        if is_built(value):
            found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return found


def built_statements(tree: ast.AST) -> list[int]:
    """Lines where a statement is executed whose text was put together in the same function."""
    found: set[int] = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        # What a module puts together once is made of its own constants, as ruff's S608 has people say.
        names = set() if isinstance(function, ast.Module) else built_in(function)
        for node in ast.walk(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            query = node.args[0]
            if node.func.attr in EXECUTING and (
                is_built(query) or (isinstance(query, ast.Name) and query.id in names)
            ):
                found.add(node.lineno)
    return sorted(found)


def test_no_value_gets_into_the_text_of_a_statement() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sources(*RUNNING)
        if path.name not in BUILDING_SQL
        for line in built_statements(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('db.execute(f"SELECT {name}")', True),
        ('sql = f"SELECT {name}"\n    db.execute(sql)', True),
        ('sql: str = "SELECT %s" % name\n    db.fetch(sql)', True),
        ('sql = "SELECT 1"\n    sql += f" WHERE x = {name}"\n    db.fetch(sql)', True),
        ('db.fetch(sql := "SELECT {}".format(name))', True),
        ('sql = "SELECT $1"\n    db.fetch(sql, name)', False),
        ('text = f"of {name}"\n    db.fetch(QUERY, text)', False),
    ],
)
def test_a_statement_put_together_before_it_is_executed_is_seen(body: str, wrong: bool) -> None:
    assert bool(built_statements(ast.parse(f"def ask(db, name):\n    {body}\n"))) is wrong


def imported(path: Path) -> set[str]:
    names = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return names


def test_the_gateway_fetches_nothing_that_a_caller_names() -> None:
    asking = {
        str(path.relative_to(GATEWAY)) for path in GATEWAY.rglob("*.py") if imported(path) & HTTP_CLIENTS
    }
    assert asking == ASKING


def test_nothing_that_could_run_code_is_read_from_outside() -> None:
    dangerous = {
        "pickle",
        "cPickle",
        "dill",
        "cloudpickle",
        "shelve",
        "marshal",
        "yaml.load",
        "yaml.unsafe_load",
    }
    found = {str(path.relative_to(ROOT)): imported(path) & dangerous for path in sources(*RUNNING)}
    assert {path: names for path, names in found.items() if names} == {}
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("services", "libs", "reports")
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]
    assert calls == []


def test_no_secret_lies_in_the_repository() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = [
        name
        for name in listing.stdout.splitlines()
        if (path := ROOT / name).is_file()
        and path.stat().st_size < 2_000_000
        and SECRETS.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def bodies() -> list[tuple[str, str]]:
    found = document(build())
    return [
        (operation["operationId"], name)
        for item in found["paths"].values()
        for operation in item.values()
        for name in re.findall(r"#/components/schemas/(\w+)", str(operation.get("requestBody", "")))
    ]


@pytest.mark.parametrize(("operation", "name"), bodies())
def test_a_body_with_a_field_that_is_not_told_is_refused(operation: str, name: str) -> None:
    """So nobody sets an owner, a version or a scope that only we set."""
    schema = document(build())["components"]["schemas"][name]
    assert schema["additionalProperties"] is False, f"{name} of {operation}"
    assert not {"revision", "recorded_at", "is_admin", "evidence"} & schema["properties"].keys()
