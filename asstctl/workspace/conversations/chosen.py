"""Use cases around a run of conversations that plays none: which would be played, and whether their files are sound."""

from asstctl.core.diagnostic import Validation, has_errors, in_reading_order, strictly
from asstctl.core.suite import Chosen, Planned
from asstctl.manifest import masked
from asstctl.workspace.conversations.loading import cases_of, load_conversations
from asstctl.workspace.conversations.loading import chosen as chosen_files
from asstctl.workspace.conversations.options import Testing
from asstctl.workspace.workspace import Workspace


def chosen(workspace: Workspace, testing: Testing) -> Chosen:
    """The conversations that would be played. Raises InvalidInput for files with errors."""
    selected = testing.select(cases_of(workspace, testing), workspace.project.root)
    planned = (Planned(case.assistant, case.id, case.where, case.name, case.tags) for case in selected.cases)
    return Chosen(workspace.info, tuple(planned), selected.words, selected.empty_is_fine)


def checked(workspace: Workspace, testing: Testing) -> Validation:
    """All that is wrong with the conversations that are meant, and with the files that they rest on; sends nothing."""
    loaded = workspace.loaded
    cases, more = load_conversations(workspace, loaded, testing.files)
    diagnostics = masked(in_reading_order((*loaded.diagnostics, *more)), workspace.project.secrets)
    if testing.strict:
        diagnostics = strictly(diagnostics)
    found = {"conversation": len(cases)}
    if not has_errors(diagnostics):
        found = {"conversation": len(testing.select(cases, workspace.project.root).cases)}
    files = chosen_files(loaded.conversations, testing.files, workspace.project.root)
    return Validation(diagnostics, loaded.files + len(files), found)
