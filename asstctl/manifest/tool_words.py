"""Words of tools: how a manifest says a tool that is live, where it can."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from asstctl.core.capabilities import Capabilities
from asstctl.core.json_types import Json
from asstctl.kinds.canonical import tools as canonical
from asstctl.manifest.project import Target
from asstctl.manifest.unsupported import lacking_tools

FUNCTION_KEYS = ("description", "parameters", "strict")


@dataclass(frozen=True)
class Words:
    """What manifests may say of tools on one target. `lacks` are types that its wire has no room for, `credentials`
    the names of credentials by their ids."""

    lacks: frozenset[str] = frozenset()
    credentials: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, known: Capabilities, target: Target | None = None) -> Self:
        """Those of a wire, and of the target that is meant."""
        credentials = target.credentials if target else {}
        return cls(lacking_tools(known), {id: name for name, id in credentials.items()})

    def unnamed(self, tool: Any) -> str:
        """The id of a credential that a tool has and nothing has a name for."""
        id = tool.get("credential_id") if isinstance(tool, Mapping) else None
        return id if isinstance(id, str) and id not in self.credentials else ""


ANY = Words()


def declared(tool: Any, words: Words = ANY) -> dict[str, Json] | None:
    """A tool of the wire as a manifest says it; None for one that none can declare."""
    if not isinstance(tool, Mapping) or tool.get("type") in words.lacks:
        return None
    (known,) = canonical([tool]).values()  # type: ignore[union-attr]  # one tool has one entry
    match tool.get("type"):
        case "mcp" if isinstance(tool.get("server_url"), str) and not words.unnamed(tool):
            settings = {key: item for key, item in known.items() if key != "credential_id"}
            named = {"credential": words.credentials[tool["credential_id"]]} if tool.get("credential_id") else {}
            return {"type": "mcp", "server_label": tool["server_label"], **settings, **named}
        case "web_search":
            return {"type": "web_search", **known}
        case "code_interpreter":
            return {"type": "code_interpreter"}
        case "file_search":
            return {"type": "file_search", **({"file_search": known} if known else {})}
        case "function":
            inner = tool.get("function")
            name = inner.get("name") if isinstance(inner, Mapping) else None
            if not isinstance(name, str):
                return None
            kept = {key: known[key] for key in FUNCTION_KEYS if key in known}
            return {"type": "function", "function": {"name": name, **kept}}
    return None
