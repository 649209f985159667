"""Request bodies that the types of the `openai` package let one write, as hypothesis draws them."""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Required, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from openai._utils import PropertyInfo
from typing_extensions import is_typeddict

Json = Any
Bodies = st.SearchStrategy[Json]

_TEXT = st.one_of(st.text(max_size=6), st.sampled_from(["a", "object", "", "x y", "周三", "\x00"]))
_LEAF = st.one_of(st.none(), st.booleans(), st.integers(-10, 10), _TEXT)
_ANYTHING = st.recursive(
    _LEAF, lambda part: st.lists(part, max_size=2) | st.dictionaries(_TEXT, part, max_size=2), max_leaves=4
)
_PLAIN: Mapping[Any, Bodies] = {
    str: _TEXT,
    int: st.integers(1, 5),
    bool: st.booleans(),
    object: _ANYTHING,
    NoneType: st.none(),
}


def bodies(of: Any) -> Bodies:
    """What a type of parameters allows, with any of its optional members."""
    origin, inner = get_origin(of), get_args(of)
    if of in _PLAIN:
        return _PLAIN[of]
    if origin in (Required, Annotated):
        return bodies(inner[0])
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*map(bodies, inner))
    if origin in (list, Iterable, Sequence):
        return st.lists(bodies(inner[0]), max_size=3)
    if origin in (dict, Mapping):
        return st.dictionaries(_TEXT, bodies(inner[1]), max_size=2)
    assert is_typeddict(of), of
    return st.deferred(lambda: _records(of))


def _records(of: Any) -> Bodies:
    required: dict[str, Bodies] = {}
    optional: dict[str, Bodies] = {}
    for name, hint in get_type_hints(of, include_extras=True).items():
        beside = required if get_origin(hint) is Required else optional
        beside[_on_the_wire(name, hint)] = bodies(hint)
    return st.fixed_dictionaries(required, optional=optional)


def _on_the_wire(name: str, hint: Any) -> str:
    """`async_` is `async` there."""
    if get_origin(hint) is Required:
        hint = get_args(hint)[0]
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((note.alias for note in notes if isinstance(note, PropertyInfo) and note.alias), name)
