"""What every document has, and what several of them hold."""

import json
from typing import Any

from asstctl.core.diagnostic import Diagnostic, Where
from asstctl.core.json_text import plain
from asstctl.core.loss import Loss
from asstctl.core.origin import Origin
from asstctl.core.plan import TargetInfo
from asstctl.render.escape import json_safe

Object = dict[str, Any]


def document(name: str, **content: Any) -> str:
    """A whole document of the schema `asstctl/NAME/v1`."""
    whole = {"schema": f"asstctl/{name}/v1", **content}
    return json_safe(json.dumps(whole, ensure_ascii=False, indent=2, default=plain)) + "\n"


def target_object(target: TargetInfo) -> Object:
    """The target that a result is of."""
    return {
        "name": target.name,
        "provider": target.provider,
        "wire": target.wire,
        "dialect": target.dialect,
        "place": target.place,
        "project": target.project,
        "local": target.local,
    }


def where_object(where: Where | None) -> Object | None:
    """A place in a user's file."""
    if where is None:
        return None
    return {"path": where.path, "line": where.line, "column": where.column, "length": where.length}


def origin_object(origin: Origin) -> Object:
    """Where a value came from."""
    return {"source": str(origin.source), "name": origin.name or None, "where": where_object(origin.where)}


def loss_object(loss: Loss) -> Object:
    """What a target accepts to be without, in the words of `on_unsupported`."""
    return {"field": loss.field, "way": str(loss.way), "what": loss.what, "function": loss.function or None}


def diagnostic_object(diagnostic: Diagnostic) -> Object:
    """One message about a user's input."""
    return {
        "severity": str(diagnostic.severity),
        "code": diagnostic.code,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
        "hint": diagnostic.hint,
        "where": where_object(diagnostic.where),
    }
