"""Use case: check the files. Sends nothing and opens no provider."""

from collections.abc import Iterator
from dataclasses import replace

from asstctl.core.diagnostic import Diagnostic, Validation, in_reading_order, strictly
from asstctl.kinds import KINDS
from asstctl.manifest import Loaded, masked
from asstctl.manifest.model_lint import lint
from asstctl.workspace.workspace import Workspace


def validate(workspace: Workspace, *, strict: bool = False) -> Validation:
    """Check project file, manifests and conversations, and the days on which models end; `strict` makes warnings
    errors."""
    workspace = replace(workspace, tolerant=True)
    loaded, found = files_of(workspace)
    ending = masked(lint(loaded.models, workspace.vendors, workspace.now().date()), workspace.project.secrets)
    diagnostics = in_reading_order((*found.diagnostics, *ending))
    return replace(found, diagnostics=strictly(diagnostics) if strict else diagnostics)


def files_of(workspace: Workspace) -> tuple[Loaded, Validation]:
    """What the files mean, whatever is wrong with them, and what that is. The workspace is a tolerant one."""
    from asstctl.workspace.conversations.loading import load_conversations

    loaded = workspace.load(workspace.project.targets)
    cases, more = load_conversations(workspace, loaded)
    diagnostics = in_reading_order((*loaded.diagnostics, *more, *_replies(workspace)))
    diagnostics = masked(diagnostics, workspace.project.secrets)
    found = {kind: sum(one.address.kind == kind for one in loaded.desired) for kind in sorted(KINDS)}
    found["conversation"] = len(cases)
    losses = {name: tuple(sorted({one.field for one in lost})) for name, lost in loaded.losses.items() if lost}
    return loaded, Validation(diagnostics, loaded.files + len(loaded.conversations), found, losses)


def _replies(workspace: Workspace) -> Iterator[Diagnostic]:
    scripted = [target for target in workspace.project.targets.values() if "script" in target.replies]
    if scripted:
        from asstctl.providers.local.replies import check_replies

        for target in scripted:
            yield from check_replies(target.replies)
