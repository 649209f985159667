"""The pages of docs/reference/ that are made from the code: a function per page, PAGES is the only list.

    python -m tests.repository.reference

writes them; a test compares them in each run.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from asstctl.cli import COMMANDS, cli
from asstctl.cli.options import shared_options
from asstctl.core import errors, pipeline, plans
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode
from asstctl.documents.yaml_writing import inline
from asstctl.workspace.schema import DOCUMENTS
from tests.repository.consoles import ROOT

FOLDER = ROOT / "docs" / "reference"

_MADE = "Made from the code by `python -m tests.repository.reference`, and compared with it in each run of the tests."


def commands_page() -> str:
    """Every command: its help, its examples, its options."""
    shared = {option.name for option in vars(shared_options(_nothing))["__click_params__"]}
    lines = ["# Commands", "", _MADE, "", *_table(("Command", ""), (_row(name) for name in COMMANDS)), ""]
    lines += ["## Options of every command", "", "They stand before the command's name or behind it.", ""]
    plan = _command("plan")
    lines += [*_options([one for one in plan.params if one.name in shared]), ""]
    for name in COMMANDS:
        command = _command(name)
        prose, _, examples = cleandoc(command.help or "").partition("\b\nExamples:\n")
        lines += [f"## {name}", "", f"`{_usage(name, command)}`", "", prose.strip(), ""]
        lines += ["```sh", *cleandoc(examples).splitlines(), "```", ""]
        if own := [one for one in command.params if isinstance(one, click.Option) and one.name not in shared]:
            lines += [*_options(own), ""]
    return "\n".join(lines).rstrip() + "\n"


def errors_page() -> str:
    """Exit codes, the errors that end a command, and the codes of diagnostics."""
    lines = ["# Exit codes, errors and diagnostics", "", _MADE, "", "## Exit codes", ""]
    lines += [*_table(("Code", "Name", "Meaning"), _exit_codes()), ""]
    lines += ["## Errors that end a command", "", "On stderr as `error[CODE]: …`; in JSON as `code`.", ""]
    lines += [*_table(("Code", "Exit code", "Meaning"), _errors()), ""]
    lines += ["## Diagnostics of files", ""]
    lines += [
        "What `asstctl validate` can say, and every command that reads the files. `…` stands for what varies.",
        "",
    ]
    lines += [*_table(("Code", "It says"), _diagnostics()), ""]
    return "\n".join(lines).rstrip() + "\n"


def fields_page() -> str:
    """Every field of every sort of file, out of the schemas that editors get."""
    lines = ["# Fields of files", "", _MADE, "They are what the JSON Schemas say that `asstctl schema` prints."]
    book = _Book({name: DOCUMENTS[name].make() for name in _WRITTEN})
    for name, title in _WRITTEN.items():
        schema = book.schemas[name]
        lines += ["", f"## {title}", ""]
        if properties := schema.get("properties"):
            lines += [*book.fields(properties, schema.get("required", ()), name), ""]
        for part, definition in book.parts[name].items():
            if "properties" in definition and book.owner(part, name) == name:
                lines += [f"### {_section(part, name)}", ""]
                lines += [_prose(definition["description"]), ""] if definition.get("description") else []
                lines += [*book.fields(definition["properties"], definition.get("required", ()), name), ""]
    return "\n".join(lines).rstrip() + "\n"


_WRITTEN = {
    "manifest": "Manifests",
    "project": "The project file: asstctl.yaml",
    "conversation": "Conversations: *.convo.yaml",
    "replies": "Replies: *.replies.yaml",
    "stubs": "Stubs: *.stubs.yaml",
}
_VARIANT = re.compile(r"(?:Partial)?(?:Templated)?(?:OrNull)?$")
"""What the schemas call the forms of one part: merged with another, with templates, or empty."""

_TEMPLATES = {"Template", "Expression"}


def _definitions(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The parts of a schema, each once. What a merge patch may say of a kind is what the kind may say."""
    parts: dict[str, dict[str, Any]] = {}
    for name, part in schema["definitions"].items():
        if not name.startswith("Part-of-"):
            parts.setdefault(_VARIANT.sub("", name), part)
    return dict(sorted(parts.items(), key=lambda pair: not pair[0].startswith(("Kind-", "Target-"))))


def _section(part: str, document: str) -> str:
    """The heading of a part; the names of files in it tell the parts of two documents apart."""
    plain = part.replace("Kind-", "kind: ").replace("Target-", "provider: ")
    words = plain if ": " in plain else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).lower()
    return f"{words} ({document})"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


class _Book:
    """All schemas. A part that two of them have is told where the first has it."""

    def __init__(self, schemas: dict[str, dict[str, Any]]) -> None:
        self.schemas = schemas
        self.parts = {name: _definitions(schema) for name, schema in schemas.items()}

    def owner(self, part: str, document: str) -> str:
        """The document in whose chapter a part stands."""
        own = self.parts[document][part]
        same = (name for name in self.schemas if _names(self.parts[name].get(part)) == _names(own))
        return next(same, document)

    def fields(self, properties: dict[str, Any], required: Sequence[str], document: str) -> list[str]:
        """A table of them."""
        rows = (
            (
                f"`{name}`{' (required)' if name in required else ''}",
                self._shape(value, document),
                "<br>".join(_said_of(value)),
            )
            for name, value in properties.items()
        )
        return _table(("Field", "Takes", ""), rows)

    def _link(self, reference: str, document: str) -> str:
        part = _VARIANT.sub("", reference.rpartition("/")[2])
        if part in _TEMPLATES:
            return "a template"
        if part.startswith("Part-of-"):
            part, document = part.replace("Part-of-", "Kind-"), "manifest"
        definition = self.parts[document][part]
        if "properties" not in definition:
            return self._shape(definition, document)
        heading = _section(part, self.owner(part, document))
        return f"[{heading.rpartition(' (')[0]}](#{_anchor(heading)})"

    def _shape(self, schema: Any, document: str) -> str:
        """What a value may be, in words."""
        match schema:
            case {"$ref": str(reference)}:
                return self._link(reference, document)
            case {"const": value} | {"enum": [value]}:
                return f"`{json.dumps(value, ensure_ascii=False)}`"
            case {"enum": [*values]}:
                return ", ".join(f"`{value}`" for value in values if value is not None)
            case {"anyOf": [*members]} | {"oneOf": [*members]} | {"allOf": [*members]}:
                return self._either(members, document)
            case {"if": condition, **rest}:
                # without `then`, what fits the condition is right already
                return self._either([rest.get("then", condition), rest.get("else")], document)
            case {"type": [*names]}:
                return self._either([{**schema, "type": name} for name in names], document)
            case {"type": "array"}:
                return f"list of {self._shape(schema.get('items'), document) or 'anything'}"
            case {"type": "object"}:
                inner = schema.get("additionalProperties")
                return f"map of {self._shape(inner, document)}" if isinstance(inner, dict) and inner else "a map"
            case {"type": str(name)}:
                return _TYPES.get(name, "")
        return ""

    def _either(self, members: Sequence[Any], document: str) -> str:
        shapes = dict.fromkeys("anything" if one == {} else self._shape(one, document) for one in members)
        return " or ".join(one for one in shapes if one)


def _names(part: dict[str, Any] | None) -> set[str] | None:
    return None if part is None else {*part.get("properties", ())}


_TYPES = {"string": "text", "boolean": "`true`, `false`", "integer": "a whole number", "number": "a number"}


def _said_of(value: dict[str, Any]) -> Iterator[str]:
    yield from _prose(value.get("description", "")).split("\n")
    yield from (f"Example: `{inline(example)}`" for example in value.get("examples", ()))


def _prose(text: str) -> str:
    """A text as Markdown that shows it; what stands between ticks is code already."""
    parts = text.split("`")
    return "`".join(one if at % 2 else one.replace("<", "&lt;").replace("*", r"\*") for at, one in enumerate(parts))


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "fields.md": fields_page,
}


def _nothing() -> None:
    """A command without options of its own."""


def _command(name: str) -> click.Command:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def _row(name: str) -> tuple[str, str]:
    return f"[`{name}`](#{name.replace(' ', '-')})", COMMANDS[name]


def _usage(name: str, command: click.Command) -> str:
    return " ".join(["asstctl", name, *command.collect_usage_pieces(click.Context(command))])


def _options(options: list[click.Parameter]) -> list[str]:
    return _table(("Option", "Environment", ""), (_option(one) for one in options if isinstance(one, click.Option)))


def _option(option: click.Option) -> tuple[str, str, str]:
    names = ", ".join(f"`{one}`" for one in (*option.opts, *option.secondary_opts))
    value = "" if option.is_flag else f" `{option.make_metavar(click.Context(click.Command('any')))}`"
    shown = option.show_default and not option.is_flag and option.default is not None
    default = f" Default: `{option.default}`." if shown else ""
    return names + value, f"`{option.envvar}`" if option.envvar else "", f"{option.help or ''}{default}"


def _table(heads: tuple[str, ...], rows: Any) -> list[str]:
    shown = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}", *shown]


def _exit_codes() -> Iterator[tuple[str, str, str]]:
    """With the comment behind each, which is where its meaning stands."""
    source = (ROOT / "asstctl" / "core" / "exit_codes.py").read_text("utf-8")
    said = dict(re.findall(r"^    (\w+) = \d+  # (.*)$", source, re.MULTILINE))
    for code in ExitCode:
        yield f"`{code.value}`", code.name.lower(), said[code.name]


def error_codes() -> Iterator[type[AsstctlError]]:
    """Every error with a code of its own: those of the tree, and those that carry what only one command knows."""
    for module in (errors, plans, pipeline):
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, AsstctlError) and found.__module__ == module.__name__:
                yield found


def _errors() -> Iterator[tuple[str, str, str]]:
    for found in error_codes():
        said = cleandoc(found.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
        yield f"`{found.code}`", f"`{found.exit_code.value}`", said


def _diagnostics() -> Iterator[tuple[str, str]]:
    said: dict[str, list[str]] = {}
    trees = [ast.parse(path.read_text("utf-8")) for path in _about_files()]
    makers = {name: at for tree in trees for name, at in _makers_in(tree)}
    for tree in trees:
        for code, summary in _said_in(tree, makers):
            said.setdefault(code, []).append(summary)
    for code in sorted(said):
        yield f"`{code}`", "<br>".join(dict.fromkeys(one for one in said[code] if one)) or "…"


def _about_files() -> Iterator[Path]:
    """The modules that may find something wrong in a file."""
    for package in ("core", "documents", "kinds", "manifest", "conversation", "providers", "workspace"):
        yield from sorted((ROOT / "asstctl" / package).rglob("*.py"))


_CODE = re.compile(r"[a-z]+(?:-[a-z]+)*")


def _makers_in(tree: ast.AST) -> Iterator[tuple[str, int | None]]:
    """What diagnostics are made with: each function and class whose first argument is a `code`, and where its `summary`
    stands among them."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name="__init__"):
                continue
            case ast.FunctionDef(name=name, args=arguments):
                names = [one.arg for one in arguments.args if one.arg != "self"]
            case ast.ClassDef(name=name, body=body):
                made = next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
                annotated = [one.target for one in body if isinstance(one, ast.AnnAssign)]
                fields = [one.id for one in annotated if isinstance(one, ast.Name)]
                names = [one.arg for one in made.args.args[1:]] if made else fields
            case _:
                continue
        if names[:1] == ["code"] and len(names) > 1:
            yield name, names.index("summary") if "summary" in names else None


def _said_in(tree: ast.AST, makers: dict[str, int | None]) -> Iterator[tuple[str, str]]:
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        if function.name == "code":
            ends = (node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value)
            yield from ((code, "") for end in ends for code in _texts(end) if code)
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _is_made(node, makers)]
        assigned, since = _assigned(function), dict[str, int]()
        for call in sorted(calls, key=lambda node: node.lineno):
            code, at = call.args[0], makers[_called(call)]
            summary = call.args[at] if at is not None and at < len(call.args) else None
            assert isinstance(code, ast.Constant)
            assert isinstance(code.value, str)
            if isinstance(summary, ast.Name):
                found = _told(assigned.get(summary.id, []), since.get(summary.id, 0), call.lineno)
                since[summary.id] = call.lineno
            else:
                found = [] if summary is None else _texts(summary)
            yield from ((code.value, text) for text in found or [""])


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_made(call: ast.Call, makers: dict[str, int | None]) -> bool:
    match call.args:
        case [ast.Constant(value=str(code)), _, *_]:
            return _called(call) in makers and _CODE.fullmatch(code) is not None
    return False


def _told(assigned: list[tuple[int, list[str]]], since: int, line: int) -> list[str]:
    """What a name stands for at a line: all that it was given since it was last used, else what it was given last."""
    before = [(at, texts) for at, texts in assigned if at <= line]
    fresh = [text for at, texts in before if at > since for text in texts]
    return fresh or (max(before)[1] if before else [])


def _assigned(function: ast.FunctionDef) -> dict[str, list[tuple[int, list[str]]]]:
    """The texts that each name of a function is given, with their lines."""
    found: dict[str, list[tuple[int, list[str]]]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append((node.lineno, _texts(value)))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                for one, value in zip(names, values, strict=False):
                    if isinstance(one, ast.Name):
                        found.setdefault(one.id, []).append((node.lineno, _texts(value)))
    return found


def _texts(node: ast.expr) -> list[str]:
    """A summary in each of its forms, as far as they stand in the code."""
    match node:
        case ast.Constant(value=str(text)):
            return [_prose(text)]
        case ast.JoinedStr(values=values):
            return [_prose("".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in values))]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_texts(body), *_texts(orelse)]
    return [""]


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
