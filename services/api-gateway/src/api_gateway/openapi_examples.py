"""An example for every schema of the OpenAPI document, put together from those of its fields."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

# What a field of this name holds where its own schema gives no example.
_BY_NAME: dict[str, Any] = {
    "action": "acknowledge",
    "action_id": "us-var:1:acknowledge",
    "actor": "ann",
    "armed_state": "BREACH",
    "asset_class": "equity",
    "available": [],
    "basis": "bar",
    "breach_id": "us-var:1",
    "by": "position",
    "children": ["US-TECH"],
    "close": "182.31",
    "closed": ["AIG"],
    "confidence_bp": 9500,
    "currency": "USD",
    "definition": 1,
    "description": "Lehman weekend",
    "detail": "no such portfolio",
    "details": {"k": "25", "scenarios": "500", "scenario_date": "2012-11-07"},
    "effective_scenarios": 500.0,
    "event_id": "us-var:1",
    "exchange": "XNYS",
    "figi": "BBG000BLNNH6",
    "first_tick_id": "taq/IBM/85110",
    "forecast": "historical_var",
    "from_valuation_id": "US-CORE:bar:2013-10-04T14:30:00Z:1",
    "fx_id": "same",
    "fx_rate": "1",
    "fx_rates": {"USD": "1", "EUR": "1.3578"},
    "group": "valuation",
    "high": "182.40",
    "history_version": "daily-2013-10-04-53280",
    "horizon_rule": "one_day",
    "isin": "US4592001014",
    "issued_by": "platform",
    "issuer": "IBM",
    "kind": "transition",
    "last_event_id": "5f0c2a91-17",
    "last_tick_id": "taq/IBM/86012",
    "leverage_reason": None,
    "limit_id": "us-var",
    "low": "182.02",
    "measure": "historical_var",
    "measures": {},
    "members": ["US-TECH"],
    "message": "96.4 % of the hard level",
    "method": "historical",
    "metric": "market_value",
    "name": "US core",
    "note": "reduced after the close",
    "open": "182.05",
    "owner": "ann",
    "parameters": {"confidence_bp": "9500", "horizon_days": "1"},
    "parent_id": "GLOBAL",
    "part": "last",
    "phase": "acknowledged",
    "pointer": "query.confidence",
    "portfolio_id": "US-CORE",
    "prefix": "tl_3f9c2a1b",
    "price": "182.31",
    "price_id": "bar:IBM:2013-10-07T14:25:00Z:1",
    "quantity": "100",
    "raise_id": "us-var:raise:1",
    "reason": "stale_price",
    "recorded_at": "2013-10-07T14:30:02.150000Z",
    "relation": "portfolio_valuation",
    "revision": 1,
    "scope": "portfolio",
    "scope_value": None,
    "sector": "Information Technology",
    "severity": 1,
    "since": "2013-10-04",
    "source": "taq",
    "state": "BREACH",
    "subject": "US-CORE",
    "symbol": "IBM",
    "title": "Not found",
    "topic": "marketdata.ticks.v1",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "trade_id": "0b8f8f5e-3c0e-5b4e-9f6b-2f1f6c1f7a11",
    "trades": 12,
    "underlying": "IBM",
    "unit": "USD",
    "valuation_id": "US-CORE:bar:2013-10-07T14:30:00Z:1",
    "volume": 4200,
    "vwap": "182.2141",
    "window_end": "2013-10-07T14:30:00Z",
    "window_start": "2013-10-07T14:25:00Z",
}
_BY_FORMAT = {"date-time": "2013-10-07T14:30:00Z", "date": "2013-10-07", "decimal": "123.45"}
_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 0.25, "boolean": True, "null": None, "string": "text"}
_DEEPEST = 8


def add_examples(schemas: Mapping[str, Schema]) -> None:
    """Give every schema without an example one that fits it."""
    for name in sorted(schemas):
        schemas[name].setdefault("examples", [_example(name, schemas[name], schemas, 0)])


def _example(name: str, schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    if "$ref" in schema:
        return _example(name, schemas[schema["$ref"].rpartition("/")[2]], schemas, depth + 1)
    if depth and "examples" in schema:
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return _BY_NAME[name] if _BY_NAME.get(name) in values else values[0]
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if part.get("type") != "null" and depth < _DEEPEST:
            return _example(name, part, schemas, depth)
    if "anyOf" in schema:
        return None
    return _of_type(name, schema, schemas, depth)


def _of_type(name: str, schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    kind = schema.get("type")
    if "properties" in schema:
        return {own: _example(own, one, schemas, depth + 1) for own, one in schema["properties"].items()}
    told = _BY_NAME.get(name)
    if told is not None and _fits(told, schema):
        return told
    if kind == "array":
        return (
            []
            if depth >= _DEEPEST or not schema.get("items")
            else [_example(_singular(name), schema["items"], schemas, depth + 1)]
        )
    if kind == "object":
        return {}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind or "", "text"))


def _fits(value: Any, schema: Schema) -> bool:
    """Whether the value has the type of the schema: fields of several kinds share a name."""
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string" and isinstance(value, str):
        if form == "decimal":
            return value.replace(".", "", 1).isdecimal()
        return form is None or (form == "date-time") == ("T" in value)
    types: dict[Any, type] = {"integer": int, "number": float, "object": dict, "array": list}
    return kind in types and isinstance(value, types[kind]) and not isinstance(value, bool)


def _singular(name: str) -> str:
    return {"held": "symbol", "closed": "symbol", "children": "portfolio_id", "members": "portfolio_id"}.get(
        name, name.removesuffix("s")
    )
