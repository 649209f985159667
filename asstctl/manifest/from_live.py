"""Live objects to manifests: what a project that begins with an account writes down.

Only what differs from the default is written. What no manifest can say is listed and stays on the object, because
its field is then not declared; nothing is left out in silence.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asstctl.core.address import KEY, Address
from asstctl.core.json_text import canonical
from asstctl.core.json_types import Json
from asstctl.core.mark import PAIRS, is_ours
from asstctl.core.pull import Left
from asstctl.core.resource import EXTENSION, Live
from asstctl.core.suggest import shortened
from asstctl.documents.templates import has_template
from asstctl.documents.yaml_writing import has_form, whole
from asstctl.kinds import KINDS as LIVE_KINDS
from asstctl.kinds.canonical import plain, tools
from asstctl.kinds.field import extension_code
from asstctl.manifest.kinds import KINDS
from asstctl.manifest.secrets import Secret, leaks
from asstctl.manifest.tool_words import ANY, Words, declared
from asstctl.manifest.undeclarable import beyond_fields, unfit, unsound_function, unsound_schema
from asstctl.manifest.write_back import NO_FORM, NULLS, as_expression, has_nulls, response_format

LONG_TEXT = 10
"""Lines of instructions up to which they stand in the YAML."""

LONG_FUNCTION = 15
"""Lines of a function up to which it stands in its assistant."""

LONG_CHARACTERS = 2_000
"""Characters of instructions up to which they stand in the YAML, however few their lines are."""

MOST_PAIRS = 16


@dataclass(frozen=True)
class NewFile:
    """One file: its name in the folder that all go to, and its text."""

    name: str
    text: str


@dataclass
class Written:
    """What was made of the objects: files, the address that each object is to have, and what no file says."""

    files: list[NewFile] = field(default_factory=list)
    adopted: dict[Address, str] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


@dataclass(frozen=True)
class Origin:
    """Where the objects are, in what is said of them. `too_many` is the way on where metadata leaves no room, and
    `stays` what becomes of what no file says. `knowledge` is a comment above manifests that name raw ids, which the
    targets in `without_ids` do not know."""

    too_many: str
    stays: str
    knowledge: str = ""
    without_ids: Sequence[str] = ()


ACCOUNT = Origin("remove some on the provider, and pull again", "it stays on the object as it is")


def write_manifests(
    objects: Sequence[Live],
    provider: str,
    taken: Iterable[Address],
    secrets: Sequence[Secret] = (),
    origin: Origin = ACCOUNT,
    words: Words = ANY,
) -> Written:
    """Manifests for these objects, stores first. `taken` are addresses that are in use; none holds a secret. `words`
    are what manifests may say of their tools."""
    writer = _Writer(provider, {*taken}, secrets, origin, words)
    for live in sorted(objects, key=lambda one: one.kind != "vector_store"):
        writer.name(live)
    writer.share_functions([live for live in objects if live.kind == "assistant"])
    for live in objects:
        writer.write(live)
    return writer.made


def key_for(name: str, id: str, taken: Collection[Address], kind: str) -> str:
    """A key that is free, from what people call the object; from its id where that has no letters of a key."""
    plain_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain_name).strip("-")[:48].strip("-")
    if not stem:
        stem = f"{kind.replace('_', '-')}-{re.sub(r'[^a-z0-9]', '', id.lower())[-8:]}".strip("-")
    variables = {address.id_variable for address in taken}
    for number in range(1, len(taken) + 2):
        key = stem if number == 1 else f"{stem}-{number}"
        address = Address(kind, key)
        if KEY.fullmatch(key) and address not in taken and address.id_variable not in variables:
            return key
    raise AssertionError("one of more keys than there are addresses is free")


class _Writer:
    def __init__(
        self, provider: str, taken: set[Address], secrets: Sequence[Secret], origin: Origin, words: Words
    ) -> None:
        self.provider = provider
        self.words = words
        self.origin = origin
        self.secrets = secrets
        self.taken = taken
        self.made = Written()
        self.addresses: dict[tuple[str, str], Address] = {}
        self.functions: dict[str, str] = {}

    def name(self, live: Live) -> None:
        """Give an object its address, unless it can bear no mark."""
        name = "" if self._refusal(live.name) else live.name
        key = key_for(name, live.id, self.taken, live.kind)
        address = Address(live.kind, key)
        if len(live.metadata) + PAIRS > MOST_PAIRS:
            reason = f"its {len(live.metadata)} metadata pairs leave no room for the mark, which takes {PAIRS} of 16"
            self.made.left.append(Left(address, live.id, reason, hint=self.origin.too_many))
            return
        self.taken.add(address)
        self.addresses[live.kind, live.id] = address

    def share_functions(self, assistants: Sequence[Live]) -> None:
        """Functions that several use alike, or that are long, get files of their own."""
        users: dict[str, int] = {}
        wire: dict[str, Mapping[str, Any]] = {}
        for live in assistants:
            if (live.kind, live.id) not in self.addresses:
                continue
            for tool in self._declared_tools(live) or ():
                if tool["type"] == "function":
                    text = canonical(tool["function"])
                    users[text] = users.get(text, 0) + 1
                    wire[text] = tool["function"]
        for text, function in wire.items():
            if users[text] > 1 or len(whole(function).splitlines()) > LONG_FUNCTION:
                self._function(text, function)

    def _function(self, text: str, function: Mapping[str, Any]) -> None:
        name = str(function["name"])
        stem = name if KEY.fullmatch(name) else ""
        address = Address("function", stem) if stem else None
        if address is None or address in self.taken:
            address = Address("function", key_for(name, name, self.taken, "function"))
        self.taken.add(address)
        self.functions[text] = address.key
        head = {"kind": "function", "key": address.key, **({"name": name} if name != address.key else {})}
        body = {**head, **{key: item for key, item in function.items() if key != "name"}}
        self.made.files.append(NewFile(f"functions/{address.key}.yaml", whole(body)))

    def write(self, live: Live) -> None:
        """The manifest of one object."""
        address = self.addresses.get((live.kind, live.id))
        if address is None:
            return
        said: dict[str, Any] = {"kind": live.kind, "key": address.key}
        instructions = ""
        for name in LIVE_KINDS[live.kind].fields:
            value = self._value(address, live, name)
            if value is None:
                if name == "name" and KINDS[live.kind].named_by_key and not live.name:
                    said[name] = None  # or the key would become its name
                continue
            if name == "instructions" and _is_body(value):
                instructions = value
                continue
            first, _, rest = name.partition(".")
            if rest:
                said.setdefault(first, {})[rest] = value
            else:
                said[first] = value
        extensions = self._extensions(address, live)
        if extensions:
            said["extensions"] = {self.provider: extensions}
        for name, reason in beyond_fields(live, self.words):
            self._leave(address, name, reason)
        said = self._sound(address, live, said)
        if live.kind == "assistant" and "tool_resources" in said and self.origin.without_ids:
            said["targets"] = {target: {"tool_resources": None} for target in self.origin.without_ids}
        order = [name for name in KINDS[live.kind].model.model_fields if name in said]
        self._file(address, live, {name: said[name] for name in order}, instructions)

    def _file(self, address: Address, live: Live, said: Mapping[str, Any], instructions: str) -> None:
        self.made.adopted[address] = live.id
        head = (self.origin.knowledge if "tool_resources" in said else "") + whole(said)
        if instructions:
            self.made.files.append(NewFile(f"{address.key}.md", f"---\n{head}---\n{instructions}"))
            return
        comment = ""
        if live.kind == "vector_store":
            comment = "# The files that are in it already stay there. Declare `files:` to add those of this project.\n"
        self.made.files.append(NewFile(f"{address.key}.yaml", comment + head))

    # --- fields

    def _value(self, address: Address, live: Live, name: str) -> Any:
        value = live.fields.get(name)
        if LIVE_KINDS[live.kind].field(name).canonical(value) is None:
            return None
        if refusal := self._refusal(value):
            self._leave(address, name, refusal)
            return None
        value = plain(value)
        match name:
            case "tools":
                return self._tools(address, live)
            case "tool_resources.file_search":
                return self._stores(value)
            case "tool_resources.code_interpreter":
                return {"file_ids": value["file_ids"]}  # type: ignore[call-overload,index]  # not the default
            case "metadata":
                return self._metadata(address, value)
            case "response_format":
                return self._response_format(address, value)
            case "instructions":
                return value
        return self._text(address, name, value)

    def _refusal(self, value: Json) -> str:
        """Why no file may hold a value, or nothing."""
        if not has_form(value):
            return NO_FORM
        secret = next((secret for _, secret in leaks(value, self.secrets)), None)
        return f"it holds the value of the secret {secret.env}" if secret else ""

    def _text(self, address: Address, name: str, value: Json) -> Json:
        """A text as it is to be written where it is rendered."""
        if not (isinstance(value, str) and has_template(value)):
            return value
        written = as_expression(value)
        if written is None:
            self._leave(address, name, "it holds braces, which would be a template here")
        return written

    def _metadata(self, address: Address, value: Any) -> Any:
        if reserved := [key for key in value if is_ours(key)]:
            self._leave(address, "metadata", f"`{reserved[0]}` begins like the names of the mark")
            return None
        return {key: self._text(address, f"metadata.{key}", item) for key, item in value.items()}

    def _response_format(self, address: Address, value: Json) -> Json:
        said: Any = response_format(value)
        named = said.get("json_schema") if isinstance(said, Mapping) else None
        if isinstance(named, Mapping) and (
            reason := unsound_schema(named.get("schema"), strict=named.get("strict") is True)
        ):
            self._leave(address, "response_format", reason)
            return None
        return said  # type: ignore[no-any-return]

    def _stores(self, value: Any) -> Any:
        ids = value["vector_store_ids"]
        ours = {id: self.addresses["vector_store", id].key for id in ids if ("vector_store", id) in self.addresses}
        raw = [id for id in ids if id not in ours]
        return {
            **({"vector_stores": list(ours.values())} if ours else {}),
            **({"vector_store_ids": raw} if raw else {}),
        }

    def _declared_tools(self, live: Live) -> list[Any] | None:
        """The tools as a manifest says them; None where one cannot be said."""
        found: Any = live.fields.get("tools") or []
        keyed = tools(found)
        if self._refusal(found) or (isinstance(keyed, Mapping) and any(name.endswith("'") for name in keyed)):
            return None
        said = [declared(tool, self.words) for tool in found]
        return None if any(tool is None or unsound_function(tool) for tool in said) else said

    def _tools(self, address: Address, live: Live) -> Any:
        said = self._declared_tools(live)
        if said is None:
            found: Any = live.fields.get("tools") or []
            kinds = sorted({str(tool.get("type")) for tool in found if declared(tool, self.words) is None})
            unsound = [reason for tool in found if (reason := self._unsound_tool(tool))]
            reason = f"a tool of type {', '.join(kinds)} cannot be declared" if kinds else "two tools have one name"
            self._leave(address, "tools", f"{'; '.join(unsound) or reason}, so that none of them is")
            return None
        for tool in said:
            if tool["type"] == "function":
                tool["function"] = self.functions.get(canonical(tool["function"]), tool["function"])
        return said

    def _unsound_tool(self, tool: Any) -> str:
        if id := self.words.unnamed(tool):
            return f"credential {shortened(id)} has no name among the `credentials` of the target"
        said = declared(tool, self.words)
        return unsound_function(said) if said else ""

    def _extensions(self, address: Address, live: Live) -> dict[str, Json]:
        """Fields that only this provider knows; a vector store cannot have any."""
        said: dict[str, Json] = {}
        codes: set[str] = set()
        for name, value in sorted(live.fields.items()):
            if not name.startswith(EXTENSION) or value is None:
                continue
            code = extension_code(name)
            if live.kind != "assistant":
                self._leave(address, name.removeprefix(EXTENSION), f"a {live.kind} has no such field here")
            elif refusal := self._refusal({name: value}):
                self._leave(address, name, refusal)
            elif has_nulls(value):
                self._leave(address, name, NULLS)
            elif code in codes:
                self._leave(address, name, "another extension has the same code in the mark")
            else:
                codes.add(code)
                said[name.removeprefix(EXTENSION)] = plain(value)
        return said

    # --- what stays on the object

    def _sound(self, address: Address, live: Live, said: dict[str, Any]) -> dict[str, Any]:
        """Without the fields that the kind's model does not take, each of them left on the object, and whole: half a
        list would be sent as the list."""
        kind = KINDS[address.kind]
        if address.kind != "assistant":
            said.pop("extensions", None)
        for _ in range(len(said)):
            found = unfit(kind, said)
            if found is None:
                break
            top, reason = found
            for name in _fields_under(top, live):
                self._leave(address, name, reason)
            said = {name: item for name, item in said.items() if name != top}
        return said

    def _leave(self, address: Address, what: str, reason: str) -> None:
        self.made.left.append(Left(address, what, reason, hint=self.origin.stays))


def _fields_under(key: str, live: Live) -> list[str]:
    """The fields of an object that a manifest says under this key."""
    fields = LIVE_KINDS[live.kind].fields
    said = [name for name, value in live.fields.items() if name.startswith(EXTENSION) and value is not None]
    said += [name for name in fields if fields[name].canonical(live.fields.get(name)) is not None]
    return [name for name in said if name.partition(".")[0] == key] or [key]


def _is_body(text: str) -> bool:
    """Whether instructions are to be the body of their file: what is long, and what would be a template in YAML."""
    return text.count("\n") >= LONG_TEXT or len(text) > LONG_CHARACTERS or has_template(text)
