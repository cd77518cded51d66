"""Topic files -> one AsyncAPI 3 document over all services; each operation is tagged with its service."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from contract_tools.model import Array, AvroType, Enum, Field, Map, Record, TopicFile, collect_types

JSON_TYPES = {
    "string": {"type": "string"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
}
DECIMAL_TEXT = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}


def document(topics: list[TopicFile]) -> dict[str, Any]:
    """The document as plain JSON values."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tapeline",
            "version": "1.0.0",
            "description": "Every topic: from prices as they come to portfolio value and risk.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "The address is `kafka` in .tapeline/client.json.",
                "variables": {"bootstrap": {"default": "localhost:9092"}},
            }
        },
        "channels": {topic.topic: _channel(topic) for topic in topics},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic).items()},
        "components": {
            "messages": {topic.record.name: _message(topic) for topic in topics},
            "schemas": {
                definition.name: _definition(definition) for definition in collect_types(topics).values()
            },
        },
    }


def _channel(topic: TopicFile) -> dict[str, Any]:
    name = topic.record.name
    return {
        "address": topic.topic,
        "description": topic.description,
        "messages": {name: _ref("components", "messages", name)},
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": "0.5.0",
            }
        },
        "x-owner": topic.owner,
        "x-lifecycle": topic.lifecycle,
        "x-compatibility": topic.compatibility,
    }


def _operations(topic: TopicFile) -> dict[str, dict[str, Any]]:
    sides = [("send", service) for service in topic.producers]
    sides += [("receive", service) for service in topic.consumers]
    return {
        f"{service}.{action}.{topic.topic}": {
            "action": action,
            "channel": _ref("channels", topic.topic),
            "messages": [_ref("channels", topic.topic, "messages", topic.record.name)],
            "tags": [{"name": service}],
        }
        for action, service in sides
    }


def _message(topic: TopicFile) -> dict[str, Any]:
    message: dict[str, Any] = {"name": topic.record.name, "summary": topic.record.doc}
    schema = _ref("components", "schemas", topic.record.name)
    if topic.record_in == "headers":
        message |= {"contentType": "application/octet-stream", "headers": _header_schema(topic.record)}
        message["payload"] = {"description": "The original bytes, unchanged."}
    else:
        message["payload"] = schema
    key: dict[str, Any] = {"type": "string", "description": _key_text(topic)}
    return message | {"bindings": {"kafka": {"key": key, "bindingVersion": "0.5.0"}}}


def _key_text(topic: TopicFile) -> str:
    return ": ".join(text for text in (topic.key.field, topic.key.doc) if text)


def _header_schema(record: Record) -> dict[str, Any]:
    properties = {
        f"dlq.{field.name}": {"type": "string", "description": field.doc} for field in record.fields
    }
    return {"type": "object", "required": list(properties), "properties": properties}


def _definition(definition: Record | Enum) -> dict[str, Any]:
    if isinstance(definition, Enum):
        return {"type": "string", "enum": definition.symbols}
    return {
        "type": "object",
        "description": definition.doc,
        "required": [field.name for field in definition.fields if field.default is UNSET],
        "properties": {field.name: _property(field) for field in definition.fields},
    }


def _property(field: Field) -> dict[str, Any]:
    schema = {**_schema(field.type, field.logical), "description": field.doc}
    if field.default is not UNSET:
        schema["default"] = field.default
    return schema


def _schema(avro: AvroType, logical: str | None = None) -> dict[str, Any]:
    match avro:
        case list():
            return {"anyOf": [_schema(member, logical) for member in avro]}
        case Array():
            return {"type": "array", "items": _schema(avro.items, logical)}
        case Map():
            return {"type": "object", "additionalProperties": _schema(avro.values, logical)}
        case Record() | Enum():
            return _ref("components", "schemas", avro.name)
        case "string" if logical == "decimal":
            return DECIMAL_TEXT
        case "string" if logical == "timestamp":
            return {"type": "string", "format": "date-time"}
        case _:
            return JSON_TYPES.get(avro) or _ref("components", "schemas", avro)


def _ref(*path: str) -> dict[str, Any]:
    return {"$ref": "#/" + "/".join(path)}
