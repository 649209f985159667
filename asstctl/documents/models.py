"""Models of what a file says: pydantic's checks, with every error a diagnostic at its place.

`Model` is the base of every such model, `check` the only way to make one from a document. Unions are
written with `by_key` or `by_shape`, whose tags stand in angle brackets, so that a tag in an error's
location is never mistaken for a key of the file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.core.suggest import did_you_mean, nearest, shortened
from asstctl.documents.yaml import scalar_from_text

Path = tuple[str | int, ...]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in a file, a tuple in the model."""


class Model(BaseModel):
    """The base of every model of a file: no unknown keys, no guessed types, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


class Placed(Protocol):
    """Data with places: a Document, or what several of them merge to."""

    @property
    def value(self) -> Json: ...

    def where(self, path: Path = (), *, key: bool = False) -> Where: ...


def by_key(name: str, *, text: str | None = None) -> Discriminator:
    """Choose a union's member by the value of one key: tag each member `<value>`.

    `text` is the tag of the member that is no map, where there is one.
    """

    def tag(value: Any) -> str | None:
        if text is not None and not isinstance(value, Mapping):
            return f"<{text}>"
        chosen = value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
        return f"<{chosen}>" if isinstance(chosen, str) else None

    tag.__name__ = name
    return Discriminator(tag)


def by_shape(choose: Callable[[Any], str]) -> Discriminator:
    """Choose a union's member by what the value looks like: tag each member `<name>`."""
    return Discriminator(lambda value: f"<{choose(value)}>")


def problem(code: str, summary: str, hint: str = "", *, secret: bool = False) -> PydanticCustomError:
    """What a validator raises. Must carry no text of the file in `code`. `secret`: its line is not shown, because the
    value may hold a secret."""
    context = {"summary": summary, "hint": hint, "code": code, "secret": secret}
    return PydanticCustomError(cast("Any", code.replace("-", "_")), "{summary}", context)


def check(
    model: type[M], document: Placed, *, at: Path = (), what: str = "a file"
) -> tuple[M | None, tuple[Diagnostic, ...]]:
    """The model of the value at `at`, or every reason why it is none. `what` names it: `an assistant`."""
    checked, diagnostics, _ = check_parts(model, document, at=at, what=what)
    return checked, diagnostics


def check_parts(
    model: type[M], document: Placed, *, at: Path = (), what: str = "a file"
) -> tuple[M | None, tuple[Diagnostic, ...], frozenset[Path]]:
    """As `check`, with the paths of all that is wrong: what lies beside them is as the model wants it."""
    value: Any = document.value
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value), (), frozenset()
    except ValidationError as failed:
        errors = _said_once(failed.errors(include_url=False))
    # A key that is missing because it is misspelt is said once, at the misspelling.
    meant = {(*loc[:-1], nearest(str(loc[-1]), _known_keys(model, loc))) for loc in map(_loc, errors) if loc}
    context = _Context(model, value, document, at, what)
    said = (context.diagnose(item) for item in errors if item["type"] != "missing" or item["loc"] not in meant)
    wrong = (_real_path(item["loc"], value, missing=item["type"] == "missing")[0] for item in errors)
    return None, tuple(said), frozenset(wrong)


def _said_once(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """A list whose items are wrong is not also too short: pydantic counts those that are right."""
    holders = {item["loc"][:-1] for item in errors if item["loc"]}
    return [item for item in errors if item["type"] != "too_short" or item["loc"] not in holders]


def without(value: Mapping[str, Any], wrong: Iterable[Path], depth: Callable[[Path], int]) -> dict[str, Any]:
    """A copy of a map that lacks what is wrong; `depth` says at which step of a path it is cut off.

    Of a list, an item is never taken out but made None, so that the others keep their places.
    """
    result: dict[str, Any] = dict(value)
    for path in filter(None, wrong):
        inner: Any = result
        *parents, last = path[: depth(path)]
        for step in parents:
            if isinstance(inner, dict) and step in inner:
                copied = inner[step]
                inner[step] = dict(copied) if isinstance(copied, Mapping) else list(copied)
                inner = inner[step]
        if isinstance(inner, dict):
            inner.pop(last, None)
        else:
            inner[last] = None
    return result


def _loc(item: ErrorDetails) -> tuple[str | int, ...]:
    """Where a key is that nobody knows; nothing for any other error."""
    return item["loc"] if item["type"] == "extra_forbidden" else ()


@dataclass(frozen=True)
class _Context:
    """What an error of pydantic is an error of."""

    model: type[BaseModel]
    value: Any
    document: Placed
    at: Path
    what: str

    def where(self, path: Path, *, key: bool = False) -> Where:
        return self.document.where(self.at + path, key=key)

    def diagnose(self, item: ErrorDetails) -> Diagnostic:
        """The diagnostic for one error."""
        kind, context = item["type"], item.get("ctx", {})
        path, is_key = _real_path(item["loc"], self.value, missing=kind == "missing")
        if kind == "extra_forbidden":
            return self._unknown_key(path, item["loc"])
        if kind == "missing":
            return self._missing_key(path[:-1], str(path[-1]))
        if kind == "union_tag_not_found" and isinstance(item["input"], Mapping):
            return self._missing_tag(path, _discriminator(context), item["input"])
        if kind == "union_tag_invalid":
            known = [tag.strip("'<> ") for tag in context["expected_tags"].split(", ")]
            return self._unknown_value((*path, _discriminator(context)), context["tag"].strip("<>"), known)
        if kind == "literal_error":
            words = context["expected"].replace(" or ", ", ").split(", ")
            if item["input"] in words:  # a number that somebody wrote as text
                summary = f"`{dotted(path)}` must be the number {item['input']}, not text"
                return error("unknown-value", summary, self.where(path), hint="remove the quotes")
            return self._unknown_value(path, str(item["input"]), [word.strip("'") for word in words], key=is_key)
        return self._bad_value(item, path, self.where(path, key=is_key))

    def _unknown_key(self, path: Path, loc: Path) -> Diagnostic:
        owner = f"`{dotted(path[:-1])}`" if path[1:] else self.what
        hint = did_you_mean(str(path[-1]), _known_keys(self.model, loc)) or "remove it"
        return error(
            "unknown-key",
            f"`{shortened(str(path[-1]))}` is not a field of {owner}",
            self.where(path, key=True),
            hint=hint,
        )

    def _missing_key(self, owner: Path, key: str) -> Diagnostic:
        inside = f"`{dotted(owner)}`" if owner else self.what
        return error("missing-key", f"{inside} has no `{key}`", self.where(owner, key=True), hint=f"add `{key}:`")

    def _missing_tag(self, path: Path, key: str, written: Mapping[str, Any]) -> Diagnostic:
        """A key that is missing because it is misspelt is said at the misspelling."""
        for name in written:
            if nearest(str(name), [key]):
                summary = f"`{shortened(str(name))}` is not a field of `{dotted(path)}`"
                where = self.where((*path, name), key=True)
                return error("unknown-key", summary, where, hint=did_you_mean(str(name), [key]))
        return self._missing_key(path, key)

    def _unknown_value(self, path: Path, given: str, known: Sequence[str], *, key: bool = False) -> Diagnostic:
        summary = f"`{dotted(path)}` cannot be `{shortened(given)}`"
        if key:
            summary = f"`{shortened(given)}` is not a key of `{dotted(path[:-1])}`"
        return error("unknown-value", summary, self.where(path, key=key), hint=did_you_mean(given, known))

    def _bad_value(self, item: ErrorDetails, path: Path, where: Where) -> Diagnostic:
        kind, context, given = item["type"], item.get("ctx", {}), item["input"]
        name = f"`{dotted(path)}`" if path else self.what
        if "code" in context:  # one of our own validators
            shown = replace(where, text="") if context["secret"] else where
            return error(context["code"], context["summary"], shown, hint=context["hint"])
        if kind == "string_pattern_mismatch":
            return error("bad-value", f"{name} must match `{context['pattern']}`", where, hint="change the value")
        if kind in _LIMITS:
            limit, noun, number = _LIMITS[kind]
            said = f"{limit.format(**context)}{noun}" + ("s" if noun and context[number] != 1 else "")
            return error("limit", f"{name} {said}", where, hint="change the value")
        if kind not in _TYPES:
            return error("wrong-type", f"{name}: {item['msg']}", where, hint="change the value")
        wanted, hint = _TYPES[kind]
        if given is None and wanted == "a map":
            hint = "write keys below it, or remove it"
        if wanted in _NUMBERS:
            hint = _number_hint(given, wanted, hint)
        return error("wrong-type", f"{name} must be {wanted}, not {_called(given)}", where, hint=hint)


def _discriminator(context: Mapping[str, Any]) -> str:
    """The key that a union is chosen by, as `by_key` named its function."""
    return str(context["discriminator"]).rstrip("()").strip("'")


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `tools[0].function`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{shortened(step)}" for step in path)
    return text.removeprefix(".")


def _real_path(loc: Sequence[str | int], value: Any, *, missing: bool) -> tuple[Path, bool]:
    """The location without union tags; and whether it speaks of a key instead of a value."""
    path: list[str | int] = []
    is_key = False
    for number, step in enumerate(loc):
        inside = (isinstance(value, Mapping) and step in value) or (
            isinstance(value, Sequence) and not isinstance(value, str) and isinstance(step, int) and step < len(value)
        )
        if inside:
            value = value[step]
            path.append(step)
        elif step == "[key]":
            is_key = True
        elif missing and number == len(loc) - 1:
            path.append(step)
    return tuple(path), is_key


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the innermost model of an error's location takes."""
    current: Any = model
    for step in loc[:-1]:
        current = _member(current, step)
    inner = next((part for part in _parts(current) if _is_model(part)), None)
    return [] if inner is None else keys_of(inner)


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as people write them, in their order."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _member(annotation: Any, step: str | int) -> Any:
    """What stands behind one step of a location, as a model or an annotation."""
    if _is_model(annotation):
        fields = annotation.model_fields
        info = next((info for name, info in fields.items() if step in {name, info.alias}), None)
        return None if info is None else (info.annotation, *info.metadata)
    for part in _parts(annotation):
        if _is_model(part) and any(step in {name, info.alias} for name, info in part.model_fields.items()):
            return _member(part, step)
    for part in _parts(annotation):
        tags = [meta.tag for meta in getattr(part, "__metadata__", ()) if hasattr(meta, "tag")]
        if step in tags:
            return part.__origin__
    if isinstance(step, int) or not str(step).startswith("<"):
        return annotation  # an item of a list, or a value of a map: its type is among the parts
    return None


def _parts(annotation: Any) -> Iterable[Any]:
    """An annotation and everything inside it, outermost first."""
    yield annotation
    inner = annotation if isinstance(annotation, tuple) else getattr(annotation, "__args__", ())
    for part in inner:
        yield from _parts(part)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


_TYPES = {
    "string_type": ("text", "quote it if text is meant"),
    "int_type": ("a whole number", "remove the fraction"),
    "int_from_float": ("a whole number", "remove the fraction"),
    "float_type": ("a number", "remove the quotes"),
    "finite_number": ("a finite number", "change the value"),
    "bool_type": ("true or false", "write `true` or `false`"),
    "tuple_type": ("a list", "write `- ` before each item"),
    "list_type": ("a list", "write `- ` before each item"),
    "dict_type": ("a map", "write `key: value` pairs"),
    "model_type": ("a map", "write `key: value` pairs"),
    "model_attributes_type": ("a map", "write `key: value` pairs"),
    "union_tag_not_found": ("a map", "write `key: value` pairs"),
    "none_required": ("empty", "remove the value"),
}

_NUMBERS = ("a number", "a whole number")


def _number_hint(given: Any, wanted: str, hint: str) -> str:
    """Quotes are to be removed where a number is inside them."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return hint
    inside = scalar_from_text(given) if isinstance(given, str) else None
    is_number = isinstance(inside, int | float) and not isinstance(inside, bool)
    return "remove the quotes" if is_number else f"write {wanted}"


_LIMITS = {
    "greater_than": ("must be greater than {gt}", "", ""),
    "greater_than_equal": ("must be at least {ge}", "", ""),
    "less_than": ("must be less than {lt}", "", ""),
    "less_than_equal": ("must be at most {le}", "", ""),
    "string_too_short": ("must have at least {min_length}", " character", "min_length"),
    "string_too_long": ("must have at most {max_length}", " character", "max_length"),
    "too_short": ("must have at least {min_length}", " item", "min_length"),
    "too_long": ("must have at most {max_length}", " item", "max_length"),
}
"""What pydantic calls a limit: its words, what is counted, and which of its numbers is counted."""


def _called(value: Any) -> str:
    """What a value is, in a person's words."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", type(None): "empty"}
    if type(value) is bool:
        return "`true`" if value else "`false`"
    if isinstance(value, Mapping):
        return "a map"
    return names.get(type(value), "text" if isinstance(value, str) else "a list")
