"""Use case: check the files. Sends nothing and opens no provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from asstctl.core.diagnostic import Diagnostic, Severity, has_errors, in_reading_order
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Validation:
    """All diagnostics in reading order, how many files were read, and what they hold, by noun."""

    diagnostics: tuple[Diagnostic, ...]
    files: int
    found: Mapping[str, int]

    @property
    def failed(self) -> bool:
        """Whether anything has to be mended."""
        return has_errors(self.diagnostics)


def validate(workspace: Workspace, *, strict: bool = False) -> Validation:
    """Check project file, manifests and conversations; `strict` makes warnings errors."""
    from asstctl.workspace.conversations import load_conversations

    loaded = workspace.load(workspace.project.targets)
    cases, more = load_conversations(workspace, loaded)
    diagnostics = in_reading_order((*loaded.diagnostics, *more, *_replies(workspace)))
    if strict:
        diagnostics = tuple(
            replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in diagnostics
        )
    found = {"assistant": len(loaded.desired), "conversation": len(cases)}
    return Validation(diagnostics, loaded.files + len(loaded.conversations), found)


def _replies(workspace: Workspace) -> Iterator[Diagnostic]:
    scripted = [target for target in workspace.project.targets.values() if "script" in target.replies]
    if scripted:
        from asstctl.providers.local.replies import check_replies

        for target in scripted:
            yield from check_replies(target.replies)
