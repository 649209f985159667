"""Use case: check the files. Sends nothing and opens no provider."""

from collections.abc import Iterator
from dataclasses import replace

from asstctl.core.diagnostic import Diagnostic, Validation, in_reading_order, strictly
from asstctl.kinds import KINDS
from asstctl.manifest import masked
from asstctl.workspace.workspace import Workspace


def validate(workspace: Workspace, *, strict: bool = False) -> Validation:
    """Check project file, manifests and conversations; `strict` makes warnings errors."""
    from asstctl.workspace.conversations.loading import load_conversations

    workspace = replace(workspace, tolerant=True)
    loaded = workspace.load(workspace.project.targets)
    cases, more = load_conversations(workspace, loaded)
    diagnostics = in_reading_order((*loaded.diagnostics, *more, *_replies(workspace)))
    diagnostics = masked(diagnostics, workspace.project.secrets)
    if strict:
        diagnostics = strictly(diagnostics)
    found = {kind: sum(one.address.kind == kind for one in loaded.desired) for kind in sorted(KINDS)}
    found["conversation"] = len(cases)
    return Validation(diagnostics, loaded.files + len(loaded.conversations), found)


def _replies(workspace: Workspace) -> Iterator[Diagnostic]:
    scripted = [target for target in workspace.project.targets.values() if "script" in target.replies]
    if scripted:
        from asstctl.providers.local.replies import check_replies

        for target in scripted:
            yield from check_replies(target.replies)
