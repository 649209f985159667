"""Models of what a file says: pydantic's checks, with every error a diagnostic at its place.

`Model` is the base of every such model, `check` the only way to make one from a document. Unions are
written with `by_key` or `by_shape`, whose tags stand in angle brackets, so that a tag in an error's
location is never mistaken for a key of the file.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Protocol, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.core.json_types import Json
from asstctl.documents.suggest import did_you_mean, nearest

Path = tuple[str | int, ...]
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

Many = Annotated[tuple[T, ...], Field(strict=False)]
"""A list in a file, a tuple in the model."""


class Model(BaseModel):
    """The base of every model of a file: no unknown keys, no guessed types, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


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


def problem(code: str, summary: str, hint: str = "") -> PydanticCustomError:
    """What a validator raises. Must carry no text of the file in `code`."""
    return PydanticCustomError(
        cast("Any", code.replace("-", "_")), "{summary}", {"summary": summary, "hint": hint, "code": code}
    )


def check(
    model: type[M], document: Placed, *, at: Path = (), what: str = "a file"
) -> tuple[M | None, tuple[Diagnostic, ...]]:
    """The model of the value at `at`, or every reason why it is none. `what` names it: `an assistant`."""
    value: Any = document.value
    for step in at:
        value = value[step]
    try:
        return model.model_validate(value), ()
    except ValidationError as failed:
        errors = failed.errors(include_url=False)
        found = [_diagnose(item, value, model, document, at, what) for item in errors]
        return None, tuple(d for d in found if not _is_misspelt(d, found))


def _is_misspelt(diagnostic: Diagnostic, found: Iterable[Diagnostic]) -> bool:
    """Whether a key is missing only because it is misspelt, which is said already."""
    absent = diagnostic.hint.removeprefix("add ").rstrip(":`") + "`"
    return diagnostic.code == "missing-key" and any(
        other.code == "unknown-key" and other.hint == f"did you mean {absent}?" for other in found
    )


def _diagnose(
    item: ErrorDetails, value: Any, model: type[BaseModel], document: Placed, at: Path, what: str
) -> Diagnostic:
    path, is_key = _real_path(item["loc"], value, missing=item["type"] == "missing")
    kind, context = item["type"], item.get("ctx", {})
    name = dotted(path) or what
    if kind == "extra_forbidden":
        owner = dotted(path[:-1])
        known = _known_keys(model, item["loc"])
        summary = f"`{path[-1]}` is not a field of {f'`{owner}`' if owner else what}"
        return error(
            "unknown-key",
            summary,
            document.where(at + path, key=True),
            hint=did_you_mean(str(path[-1]), known) or "remove it",
        )
    if kind in {"missing", "union_tag_not_found"} and not _wrong_shape(kind, item["input"]):
        absent = path[-1] if kind == "missing" else context["discriminator"].rstrip("()").strip("'")
        parent = path[:-1] if kind == "missing" else path
        inside = f"`{dotted(parent)}`" if parent else what
        place = document.where(at + parent, key=True)
        return error("missing-key", f"{inside} has no `{absent}`", place, hint=f"add `{absent}:`")
    place = document.where(at + path, key=is_key)
    if kind == "union_tag_invalid":
        known = [tag.strip("'<> ") for tag in context["expected_tags"].split(", ")]
        field_name = context["discriminator"].rstrip("()").strip("'")
        given = context["tag"].strip("<>")
        place = document.where((*at, *path, field_name))
        return error(
            "unknown-value", f"`{name}.{field_name}` cannot be `{given}`", place, hint=did_you_mean(given, known)
        )
    if kind in {"literal_error", "enum"}:
        known = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        given = str(item["input"])
        return error("unknown-value", f"`{name}` cannot be `{given}`", place, hint=did_you_mean(given, known))
    if "code" in context:
        return error(context["code"], context["summary"], place, hint=context["hint"])
    if kind == "string_pattern_mismatch":
        return error("bad-value", f"`{name}` must match `{context['pattern']}`", place, hint="change the value")
    if kind in _LIMITS:
        return error("limit", f"`{name}` {_LIMITS[kind].format(**context)}", place, hint="change the value")
    wanted, hint = _TYPES.get(kind, (item["msg"], ""))
    if kind.startswith(("model", "dict")) and item["input"] is None:
        hint = "write keys below it, or remove it"
    shown_name = f"`{name}`" if path else what
    summary = (
        f"{shown_name} must be {wanted}, not {_called(item['input'])}" if kind in _TYPES else f"`{name}`: {wanted}"
    )
    return error("wrong-type", summary, place, hint=hint or "change the value")


def dotted(path: Iterable[str | int]) -> str:
    """A path as people write it: `tools[0].function`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
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
    return [] if inner is None else [info.alias or name for name, info in inner.model_fields.items()]


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
            return next((inner for inner in _parts(part) if _is_model(inner)), None)
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


def _wrong_shape(kind: str, given: Any) -> bool:
    return kind == "union_tag_not_found" and not isinstance(given, Mapping)


_TYPES = {
    "string_type": ("text", "quote it if text is meant"),
    "int_type": ("a whole number", "remove quotes and fractions"),
    "int_from_float": ("a whole number", "remove the fraction"),
    "float_type": ("a number", "remove the quotes"),
    "bool_type": ("true or false", "write `true` or `false`"),
    "tuple_type": ("a list", "write `- ` before each item"),
    "list_type": ("a list", "write `- ` before each item"),
    "dict_type": ("a map", "write `key: value` pairs"),
    "model_type": ("a map", "write `key: value` pairs"),
    "model_attributes_type": ("a map", "write `key: value` pairs"),
    "union_tag_not_found": ("a map", "write `key: value` pairs"),
    "none_required": ("empty", "remove the value"),
}

_LIMITS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} items",
}


def _called(value: Any) -> str:
    """What a value is, in a person's words."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", type(None): "empty"}
    if type(value) is bool:
        return "`true`" if value else "`false`"
    if isinstance(value, Mapping):
        return "a map"
    return names.get(type(value), "text" if isinstance(value, str) else "a list")


__all__ = ["Many", "Model", "Placed", "by_key", "by_shape", "check", "nearest", "problem"]
