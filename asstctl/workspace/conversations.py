"""The conversations of a project, checked against the assistants that its files declare."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.errors import WrongUsage
from asstctl.core.resource import Desired
from asstctl.manifest import Loaded, masked
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case


def load_conversations(
    workspace: Workspace, loaded: Loaded, only: Sequence[str] = ()
) -> "tuple[tuple[Case, ...], tuple[Diagnostic, ...]]":
    """The cases of the project's conversation files, or of those named, and what is wrong with them."""
    files = chosen(loaded.conversations, only, workspace.project.root)
    if not files:
        return (), ()
    from asstctl.conversation.cases import load_cases

    cases, diagnostics = load_cases(
        files,
        root=workspace.project.root,
        use=loaded.stub_files,
        assistants={address.key for address in loaded.declared if address.kind == "assistant"},
        functions={one.address.key: function_names(one) for one in loaded.desired if one.address.kind == "assistant"},
    )
    return cases, masked(diagnostics, workspace.project.secrets)


def function_names(desired: Desired) -> frozenset[str]:
    """The functions that an assistant declares."""
    tools: Any = desired.fields.get("tools") or ()
    return frozenset(tool["function"]["name"] for tool in tools if tool.get("type") == "function")


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
