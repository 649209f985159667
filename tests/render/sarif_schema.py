"""What SARIF 2.1.0 asks of the parts that we write: a schema by hand, which permits nothing beside them."""

from typing import Any


def _only(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


_COUNT = {"type": "integer", "minimum": 1}
_TEXT = {"type": "string", "minLength": 1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_MESSAGE = _only("text", text=_TEXT)
_NOTIFICATION = _only("message", descriptor=_only("id", id=_TEXT), level=_LEVEL, message=_MESSAGE)
_NOTIFICATIONS = {"type": "array", "minItems": 1, "items": _NOTIFICATION}
_REGION = _only("startLine", startLine=_COUNT, startColumn=_COUNT, endColumn=_COUNT)
_ARTIFACT = _only("uri", uri={"type": "string", "pattern": r"^([\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*$"}, uriBaseId=_TEXT)
_LOCATION = _only("physicalLocation", physicalLocation=_only("", artifactLocation=_ARTIFACT, region=_REGION))
_RESULT = _only(
    "ruleId message locations",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={"type": "array", "minItems": 1, "maxItems": 10, "items": _LOCATION},
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
)
_RULE = _only("id", id=_TEXT, shortDescription=_MESSAGE)
_DRIVER = _only("name", name=_TEXT, version=_TEXT, rules={"type": "array", "uniqueItems": True, "items": _RULE})
_RUN = _only(
    "tool results",
    tool=_only("driver", driver=_DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations={
        "type": "array",
        "items": _only(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolConfigurationNotifications=_NOTIFICATIONS,
            toolExecutionNotifications=_NOTIFICATIONS,
        ),
    },
    results={"type": "array", "maxItems": 25_000, "items": _RESULT},
)
SCHEMA = _only(
    "version runs",
    **{"$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"}},
    runs={"type": "array", "minItems": 1, "items": _RUN},
)
