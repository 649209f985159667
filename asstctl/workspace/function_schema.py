"""Use case: the manifest of a function, made from a Python function of the project, or held against it.

The source is read and never run. Of a file that is there, the keys that come from the source are set, and everything
else in it stays as it is: its comments, its `returns`, the other manifests in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from asstctl.core.address import KEY
from asstctl.core.change import ABSENT
from asstctl.core.diagnostic import Diagnostic, Where, error, has_errors
from asstctl.core.errors import InvalidInput, Refused, WrongUsage
from asstctl.core.json_types import Json
from asstctl.core.pull import FileEdit
from asstctl.documents.edit_steps import same
from asstctl.documents.editor import CannotPlace, edited
from asstctl.documents.paths import PathRefused, inside, is_file
from asstctl.documents.paths import shown as shown_path
from asstctl.documents.project_folder import find_project
from asstctl.documents.python_functions import read_python_function
from asstctl.documents.source import read_text
from asstctl.documents.strict_schema import check_strict
from asstctl.documents.yaml import parse_yaml
from asstctl.documents.yaml_writing import whole
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.schema import FOLDER, modeline

_KEYS = ("kind", "key", "name", "description", "parameters", "strict")
"""What comes from the source, in the order of a manifest."""


@dataclass(frozen=True, slots=True)
class FunctionSchema:
    """A function's manifest as its source says it. `warnings` are what could be better there."""

    manifest: Mapping[str, Json]
    warnings: tuple[Diagnostic, ...]

    @property
    def text(self) -> str:
        """As a document of its own."""
        return whole(self.manifest)


def function_schema(directory: Path, named: str, *, key: str | None, strict: bool) -> FunctionSchema:
    """The manifest of `module.py:name`, a path relative to a folder. Raises WrongUsage, and InvalidInput with all that
    cannot be told."""
    written, colon, name = named.rpartition(":")
    if not colon or not written.endswith(".py") or not all(part.isidentifier() for part in name.split(".")):
        raise WrongUsage(
            f"{named} names no function of a file", hint="asstctl schema function tools/orders.py:get_order"
        )
    file = _inside(directory, written)
    shown = shown_path(_root(directory).resolve(), file)
    text = read_text(file, shown)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text], sends=False)
    function, diagnostics = read_python_function(text, shown, name, strict=strict)
    if function is None:
        raise InvalidInput(diagnostics, sends=False)
    chosen = key if key is not None else function.name.lower().strip("_")
    if not KEY.fullmatch(chosen):
        raise WrongUsage(f"{chosen} cannot be a key", hint="--key KEY: lower-case letters, digits, `-` and `_`")
    if strict and (found := check_strict(function.parameters)):
        raise InvalidInput((error(one.code, one.summary, Where(shown), hint=one.hint) for one in found), sends=False)
    manifest: dict[str, Json] = {"kind": "function", "key": chosen}
    if function.name != chosen:
        manifest["name"] = function.name
    if function.description:
        manifest["description"] = function.description
    manifest["parameters"] = function.parameters
    manifest["strict"] = strict
    return FunctionSchema(manifest, diagnostics)


def write_function(directory: Path, out: str, made: FunctionSchema) -> bool:
    """Write the manifest; whether there was anything to write. Raises Refused, and InvalidInput for a file that cannot
    be read."""
    root = _root(directory)
    path = _manifest_path(directory, out)
    shown = path.relative_to(root.resolve()).as_posix()
    before = _text_of(path, shown)
    after = _begun(root, shown) + made.text if before is None else _updated(before, shown, made)
    if after == before:
        return False
    write_all(root, [FileEdit(shown, before, after)])
    return True


def _begun(root: Path, shown: str) -> str:
    """How a new file begins: with its schema, where the project keeps any."""
    return modeline(Path(shown), root) if (root / FOLDER).is_dir() else ""


def difference(directory: Path, out: str, made: FunctionSchema) -> str:
    """How a file differs in meaning from what the source says, as a diff; empty where it does not. Raises InvalidInput
    for a file that cannot be read."""
    path = _manifest_path(directory, out)
    shown = path.relative_to(_root(directory).resolve()).as_posix()
    text = _text_of(path, shown)
    found = None if text is None else _document(text, shown, made)[1]
    if found is not None and not _differs(found, made):
        return ""
    own = {key: found[key] for key in _KEYS if found.get(key) is not None} if found else {}
    before = whole(own).splitlines() if own else []
    return "\n".join(unified_diff(before, made.text.splitlines(), shown, "source", lineterm=""))


def _meaning(manifest: Mapping[str, Json]) -> dict[str, Json]:
    """The keys that come from the source; a name that is the key need not be written."""
    meant = {key: value for key, value in manifest.items() if key in _KEYS}
    return {"name": meant.get("key"), **meant, "strict": meant.get("strict") is True}


def _updated(text: str, shown: str, made: FunctionSchema) -> str:
    number, found = _document(text, shown, made)
    if found is None:
        joint = "" if text.endswith("\n") or not text else "\n"
        return f"{text}{joint}---\n{made.text}" if number else f"{text}{joint}{made.text}"
    if not _differs(found, made):
        return text
    try:
        for key in _KEYS:
            both = key in made.manifest and key in found
            if (key in made.manifest or key in found) and not (both and same(found[key], made.manifest[key])):
                text = edited(text, number, (key,), made.manifest.get(key, ABSENT), order=_KEYS)
    except CannotPlace as problem:
        raise Refused(
            f"{shown} cannot be edited", detail=str(problem), hint="write to a new file, and join them by hand: --out F"
        ) from None
    return text


def _differs(found: Mapping[str, Json], made: FunctionSchema) -> bool:
    """Whether a manifest means something else than the source."""
    return not same(_meaning({k: v for k, v in found.items() if v is not None}), _meaning(made.manifest))


def _document(text: str, shown: str, made: FunctionSchema) -> tuple[int, Mapping[str, Json] | None]:
    """Which document of a file is the function's; else how many there are."""
    documents, diagnostics = parse_yaml(text, shown)
    if has_errors(diagnostics):
        raise InvalidInput(diagnostics, sends=False)
    stem = Path(shown).stem
    for number, document in enumerate(documents):
        value = document.value
        if isinstance(value, Mapping) and value.get("kind") == "function":
            key = value.get("key")
            if (stem if key is None else key) == made.manifest["key"]:
                return number, value
    return sum(document.value is not None for document in documents), None


def _manifest_path(directory: Path, out: str) -> Path:
    if not out.endswith((".yaml", ".yml")):
        raise WrongUsage(f"--out: {out} is no YAML file", hint="name one, such as assistants/functions/NAME.yaml")
    return _inside(directory, out)


def _text_of(path: Path, shown: str) -> str | None:
    if not is_file(path):
        return None
    text = read_text(path, shown)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text], sends=False)
    return text


def _root(directory: Path) -> Path:
    return find_project(directory.resolve()) or directory.resolve()


def _inside(directory: Path, written: str) -> Path:
    """A file of the project, typed relative to a folder. Raises Refused."""
    try:
        return inside(_root(directory), directory, written)
    except PathRefused as refused:
        raise Refused(refused.summary, hint=refused.hint) from None
