"""The conversations of a project, checked against the assistants that its files declare."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.allowed import how_to_read
from asstctl.core.diagnostic import Diagnostic, has_errors, in_reading_order, strictly
from asstctl.core.errors import InvalidInput, WrongUsage
from asstctl.core.json_types import Json, JsonObject
from asstctl.core.resource import Desired
from asstctl.manifest import Loaded, Secret, masked
from asstctl.manifest.secrets import leaks
from asstctl.manifest.variables import Variables
from asstctl.workspace.conversations.judges import able_judges
from asstctl.workspace.conversations.known_files import known_files
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case
    from asstctl.conversation.reading.filling import Withheld
    from asstctl.conversation.reading.signatures import Signature
    from asstctl.workspace.conversations.options import Testing


def cases_of(workspace: Workspace, testing: "Testing") -> "tuple[Case, ...]":
    """The conversations of the files that are meant. Raises InvalidInput where anything is wrong with them."""
    workspace.desired()
    cases, diagnostics = load_conversations(workspace, workspace.loaded, testing.files)
    if testing.strict:
        diagnostics = strictly(diagnostics)
    if has_errors(diagnostics):
        raise InvalidInput(in_reading_order(diagnostics))
    for diagnostic in diagnostics:
        testing.on_warning(f"{diagnostic.where}: {diagnostic.summary}")
    return cases


def assistants_of(cases: "Iterable[Case]") -> frozenset[Address]:
    """The assistants that conversations talk to."""
    return frozenset(Address("assistant", case.assistant) for case in cases)


def load_conversations(
    workspace: Workspace, loaded: Loaded, only: Sequence[str] = ()
) -> "tuple[tuple[Case, ...], tuple[Diagnostic, ...]]":
    """The cases of the project's conversation files, or of those named, and what is wrong with them."""
    files = chosen(loaded.conversations, only, workspace.project.root)
    if not files:
        return (), ()
    from asstctl.conversation.judging.judge_names import check_judges
    from asstctl.conversation.reading.cases import load_cases
    from asstctl.conversation.reading.cited import unknown_files
    from asstctl.conversation.reading.unpriced import check_prices

    cases, diagnostics = load_cases(
        files,
        root=workspace.project.root,
        use=loaded.stub_files,
        assistants={address.key for address in loaded.declared if address.kind == "assistant"},
        functions={
            one.address.key: signatures(one, loaded.returns.get(one.address.key, {}))
            for one in loaded.desired
            if one.address.kind == "assistant"
        },
        vars=loaded.variables.values,
        given=loaded.variables.given,
        withheld=withheld(loaded.variables, workspace.project.secrets),
    )
    if not has_errors(workspace.project.diagnostics):  # else judges and prices may be missing that it has
        judges, prices = able_judges(workspace.project), workspace.project.test.prices
        priced = check_prices(cases, prices, models_of(loaded.desired))
        diagnostics = (*diagnostics, *check_judges(cases, judges), *priced)
    diagnostics = (*diagnostics, *unknown_files(cases, known_files(loaded.desired)))
    return cases, masked(diagnostics, workspace.project.secrets)


def models_of(desired: Iterable[Desired]) -> dict[str, str]:
    """The models of the assistants, by key."""
    return {one.address.key: str(one.fields.get("model")) for one in desired if one.address.kind == "assistant"}


def signatures(desired: Desired, returns: Mapping[str, JsonObject]) -> "dict[str, Signature]":
    """The functions that an assistant declares, by name."""
    from asstctl.conversation.reading.signatures import Signature

    tools: Any = desired.fields.get("tools") or ()
    functions = (tool["function"] for tool in tools if tool.get("type") == "function")
    return {one["name"]: Signature(one.get("parameters"), returns.get(one["name"])) for one in functions}


def withheld(variables: Variables, secrets: Sequence[Secret]) -> "Withheld":
    """What conversations may not hold, and what they cannot."""
    from asstctl.conversation.reading.filling import Withheld

    unset = {
        name: how_to_read(env) if env in variables.withheld else f"set the environment variable {env}"
        for name, env in variables.unset.items()
    }

    def leaked(value: Json) -> Iterator[tuple[tuple[str | int, ...], str]]:
        return ((path, secret.env) for path, secret in leaks(value, secrets))

    return Withheld(variables.secret, unset, leaked) if secrets else Withheld(variables.secret, unset)


def chosen(files: Sequence[Path], only: Sequence[str], root: Path) -> tuple[Path, ...]:
    """The files that the command line names, by path or by folder. Raises WrongUsage for a name that finds none.

    A path may start at the working directory or, as our own messages write it, at the project.
    """
    if not only:
        return tuple(files)
    found: dict[Path, None] = {}
    for text in only:
        meant = {Path(text).resolve(), (root / text).resolve()}
        matching = [file for file in files if not meant.isdisjoint({file.resolve(), *file.resolve().parents})]
        if not matching:
            raise WrongUsage(
                f"{text} is no conversation of this project",
                detail="a conversation is a file *.convo.yaml that the project file's `conversations` finds",
                hint="all of them: asstctl test",
            )
        found.update(dict.fromkeys(matching))
    return tuple(found)
