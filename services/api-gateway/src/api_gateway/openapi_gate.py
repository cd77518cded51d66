"""What a new OpenAPI document would break for those who use the released one.

What clients send may only be accepted more widely, what they get may only become narrower or gain fields.
`python -m api_gateway.openapi_gate RELEASED NEW` lists what breaks and leaves 1 when there is something.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Node = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
_FORMATS = ("date", "date-time", "decimal")


def breaking(released: Node, new: Node) -> list[str]:
    """One sentence per break, sorted; empty when every client of `released` goes on working."""
    return sorted(set(_Comparison(released, new).operations()))


@dataclass
class _Comparison:
    """Two documents, and the pairs of schemas that are compared already: schemas may contain themselves."""

    released: Node
    new: Node
    _seen: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])

    def operations(self) -> Iterator[str]:
        for path, item in self.released["paths"].items():
            for method in (one for one in METHODS if one in item):
                there = self.new["paths"].get(path, {}).get(method)
                name = f"{method.upper()} {path}"
                if there is None:
                    yield f"{name}: removed"
                else:
                    yield from self._operation(name, item[method], there)

    def _operation(self, name: str, was: Node, now: Node) -> Iterator[str]:
        yield from self._parameters(name, was, now)
        yield from self._body(name, was.get("requestBody"), now.get("requestBody"))
        for status, answer in was["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in now["responses"]:
                yield f"{name}: no longer answers {status}"
                continue
            contents = now["responses"][status].get("content", {})
            for media, content in answer.get("content", {}).items():
                if media not in contents:
                    yield f"{name}: no longer answers {media}"
                    continue
                schemas = (one.get("schema", {}) for one in (content, contents[media]))
                yield from self._answer(f"{name} answer", *schemas)

    def _parameters(self, name: str, was: Node, now: Node) -> Iterator[str]:
        before, after = _by_name(was), _by_name(now)
        for key, parameter in before.items():
            told = f"{name} {key[0]} {key[1]}"
            if key not in after:
                yield f"{told}: removed"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{told}: became required"
            yield from _other_default(told, parameter["schema"], after[key]["schema"])
            yield from self._request(told, parameter["schema"], after[key]["schema"])
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{name} {key[0]} {key[1]}: new and required"

    def _body(self, name: str, was: Node | None, now: Node | None) -> Iterator[str]:
        if now is None:
            if was is not None:
                yield f"{name}: takes no body any more"
            return
        if now.get("required") and not (was or {}).get("required"):
            yield f"{name}: the body became required"
        for media, content in (was or {}).get("content", {}).items():
            if media not in now["content"]:
                yield f"{name}: no longer takes {media}"
            else:
                yield from self._request(f"{name} body", content["schema"], now["content"][media]["schema"])

    def _request(self, where: str, was: Node, now: Node) -> Iterator[str]:
        """What was accepted must be accepted."""
        if self._compared("request", was, now):
            return
        before, after = _kinds(was, self.released), _kinds(now, self.new)
        for kind, old in before.items():
            wider = _holding(kind, after)
            if wider is None:
                yield f"{where}: {kind} is no longer accepted"
                continue
            if gone := set(_values(old)) - set(_values(wider) or _values(old)):
                yield f"{where}: {_listed(gone)} no longer accepted"
            if _values(wider) and not _values(old):
                yield f"{where}: only {_listed(set(_values(wider)))} accepted now, was any {kind}"
            yield from _tightened(where, old, wider)
            for name, field_was in old.get("properties", {}).items():
                yield from _other_default(
                    f"{where}.{name}", field_was, wider.get("properties", {}).get(name, {})
                )
            yield from self._fields(where, old, wider, self._request)
            yield from (
                f"{where}.{one}: new and required"
                for one in set(wider.get("required", ())) - set(old.get("required", ()))
            )

    def _answer(self, where: str, was: Node, now: Node) -> Iterator[str]:
        """What comes must be what was promised."""
        if self._compared("answer", was, now):
            return
        before, after = _kinds(was, self.released), _kinds(now, self.new)
        for kind, new in after.items():
            old = _holding(kind, before)
            if old is None:
                yield f"{where}: may be {kind} now, was {_listed(before)}"
                continue
            if _values(old) and (more := set(_values(new)) - set(_values(old))):
                yield f"{where}: may be {_listed(more)} now"
            if _values(old) and not _values(new):
                yield f"{where}: may be any {kind} now"
            yield from self._fields(where, old, new, self._answer)
            yield from (
                f"{where}.{one}: may be missing now"
                for one in set(old.get("required", ())) & set(new.get("properties", ()))
                if one not in new.get("required", ())
            )

    def _fields(
        self, where: str, was: Node, now: Node, compare: Callable[[str, Node, Node], Iterator[str]]
    ) -> Iterator[str]:
        for name, schema in was.get("properties", {}).items():
            if name not in now.get("properties", {}):
                yield f"{where}.{name}: removed"
            else:
                yield from compare(f"{where}.{name}", schema, now["properties"][name])
        for part in ("items", "additionalProperties"):
            if isinstance(was.get(part), dict) and isinstance(now.get(part), dict):
                yield from compare(f"{where}[]", was[part], now[part])

    def _compared(self, way: str, was: Node, now: Node) -> bool:
        """Whether this pair of named schemas was compared before; each difference is told once."""
        key = (way, was.get("$ref", ""), now.get("$ref", ""))
        if not key[1] or not key[2]:
            return False
        seen = key in self._seen
        self._seen.add(key)
        return seen


def _by_name(operation: Node) -> dict[tuple[str, str], Node]:
    return {(one["in"], one["name"]): one for one in operation.get("parameters", ())}


def _kinds(schema: Node, document: Node) -> dict[str, Node]:
    """Every kind of value a schema allows, such as null, number, string/decimal, object, with its schema."""
    if "$ref" in schema:
        return _kinds(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    found: dict[str, Node] = {}
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= _kinds(part, document)
    if found:
        return found
    types = schema.get("type", "string" if "enum" in schema or "const" in schema else "any")
    for kind in [types] if isinstance(types, str) else types:
        form = schema.get("format")
        found[f"{kind}/{form}" if kind == "string" and form in _FORMATS else kind] = schema
    return found


def _holding(kind: str, kinds: Mapping[str, Node]) -> Node | None:
    """The kind itself, or a wider one that holds it: an integer is a number, a date is a string."""
    return kinds.get(kind, kinds.get({"integer": "number"}.get(kind, kind.partition("/")[0])))


def _values(schema: Node) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _tightened(where: str, was: Node, now: Node) -> Iterator[str]:
    """Bounds and patterns that exclude what was accepted; of two patterns nobody can tell which is wider."""
    for name in _FORMS:
        if name in now and now[name] != was.get(name):
            yield f"{where}: {name} is {now[name]}, was {was.get(name, 'free')}"
    if now.get("additionalProperties") is False and was.get("additionalProperties", True) is not False:
        yield f"{where}: other fields are no longer accepted"
    for name, upper in _BOUNDS.items():
        old, new = was.get(name), now.get(name)
        if new is not None and (old is None or (new < old if upper else new > old)):
            yield f"{where}: {name} is {new}, was {'unbounded' if old is None else old}"


def _other_default(where: str, was: Node, now: Node) -> Iterator[str]:
    """Who leaves a field out is answered otherwise."""
    if was.get("default") != now.get("default"):
        yield f"{where}: default is {now.get('default')}, was {was.get('default')}"


_FORMS = ("pattern", "multipleOf", "uniqueItems")
_BOUNDS = {
    "maximum": True,
    "exclusiveMaximum": True,
    "maxLength": True,
    "maxItems": True,
    "minimum": False,
    "exclusiveMinimum": False,
    "minLength": False,
    "minItems": False,
}


def _listed(values: object) -> str:
    assert isinstance(values, set | dict)
    return ", ".join(sorted(map(str, values)))


def main() -> None:
    """Compare two files."""
    released, new = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:3])
    found = breaking(released, new)
    sys.stdout.writelines(f"{line}\n" for line in found)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
