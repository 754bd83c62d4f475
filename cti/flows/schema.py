"""The language as a JSON Schema (draft 2020-12), with which editors complete and check flow files.

It says of single words what the reader says, and of a part which of its words exclude one another. What only
makes sense as a whole (does the step exist, is the variable known) is `cti.flows.lint`'s business. What an
editor shows for a word is the comment that stands above it in the source of its part.
"""

import inspect
import re
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import inspect as types

from cti.flows.model import ALTERNATIVES, Flow

FILE: Final = Path(__file__).resolve().parents[2] / "ivr_flows" / "flow.schema.json"

_FIELD: Final = re.compile(r"    (\w+): ")
_COMMENT: Final = re.compile(r"    #: (.*)")


def flow_schema() -> dict[str, Any]:
    """The schema of one flow file."""
    parts: dict[str, dict[str, Any]] = {}
    flow = _of(types.type_info(Flow), parts)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "IVR flow",
        **flow,
        "$defs": dict(sorted(parts.items())),
    }


def schema_text() -> str:
    """As it stands in `ivr_flows/flow.schema.json`."""
    return msgspec.json.format(msgspec.json.encode(flow_schema()), indent=2).decode() + "\n"


def _of(kind: types.Type, parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    match kind:
        case types.Metadata():
            return _of(kind.type, parts) | (kind.extra_json_schema or {})
        case types.UnionType():
            return _union(kind, parts)
        case types.StructType():
            return _part(kind, parts)
        case types.DictType():
            keys, values = _of(kind.key_type, parts), _of(kind.value_type, parts)
            names = {word: keys[word] for word in ("pattern", "enum") if word in keys}
            return {"type": "object", "propertyNames": names, "additionalProperties": values}
        case types.ListType():
            return {"type": "array", "items": _of(kind.item_type, parts)}
        case types.EnumType():
            return {"enum": [member.value for member in kind.cls]}
        case types.StrType():
            length = _given(minLength=kind.min_length, maxLength=kind.max_length)
            return {"type": "string", **length, **_given(pattern=kind.pattern)}
        case types.IntType() | types.FloatType():
            limits = _given(minimum=kind.ge, exclusiveMinimum=kind.gt, maximum=kind.le)
            return {"type": "integer" if isinstance(kind, types.IntType) else "number", **limits}
        case types.BoolType():
            return {"type": "boolean"}
        case _:
            return {"type": "null"}


def _union(kind: types.UnionType, parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    each = [_of(one, parts) for one in kind.types]
    if all(set(one) == {"type"} for one in each):
        return {"type": [name for one in each for name in _names(one["type"])]}
    return {"anyOf": each}


def _names(kind: str | list[str]) -> list[str]:
    return [kind] if isinstance(kind, str) else kind


def _part(kind: types.StructType, parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    name = kind.cls.__name__
    if name not in parts:
        parts[name] = {}
        comments = _comments(kind.cls)
        properties = {}
        for field in kind.fields:
            properties[field.encode_name] = _of(field.type, parts)
            if field.encode_name in comments:
                properties[field.encode_name]["description"] = comments[field.encode_name]
        words, needed = ALTERNATIVES.get(kind.cls, ((), False))
        parts[name] = {
            "description": inspect.cleandoc(kind.cls.__doc__ or ""),
            "type": "object",
            "properties": properties,
            "required": [field.encode_name for field in kind.fields if field.required],
            "additionalProperties": False,
            **_alternatives(words, needed=needed),
        }
    return {"$ref": f"#/$defs/{name}"}


def _alternatives(words: tuple[str, ...], *, needed: bool) -> dict[str, Any]:
    each: list[dict[str, Any]] = [{"required": [word]} for word in words]
    if not each:
        return {}
    return {"oneOf": each if needed else [*each, {"not": {"anyOf": list(each)}}]}


def _comments(cls: type) -> dict[str, str]:
    """What stands above each word of a part."""
    found: dict[str, str] = {}
    lines: list[str] = []
    for line in inspect.getsource(cls).splitlines():
        comment, field = _COMMENT.fullmatch(line), _FIELD.match(line)
        if comment is not None:
            lines.append(comment[1])
        elif field is not None:
            if lines:
                found[field[1]] = " ".join(lines)
            lines = []
    return found


def _given(**limits: str | float | None) -> dict[str, Any]:
    return {name: limit for name, limit in limits.items() if limit is not None}
