"""What use cases that write into the project's files share: show, ask, write, and look at what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from asstctl.core.diagnostic import has_errors
from asstctl.core.errors import Refused
from asstctl.core.pull import Pulled, Taken
from asstctl.workspace.file_writing import write_all
from asstctl.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Watching:
    """Who sees what is about to be written, and says yes. `only_look`: nothing is written."""

    approve: Callable[[Pulled], bool]
    on_found: Callable[[Pulled], None] = lambda found: None
    only_look: bool = False


async def write_watched(
    workspace: Workspace,
    found: Pulled,
    watching: Watching,
    remaining: Callable[[Workspace], Awaitable[tuple[Taken, ...]]],
) -> Pulled:
    """Write what was found, if it is approved. Raises Refused where the files would not be sound.

    `remaining` looks at the project as it is then, and says what still differs. Where it raises, or the files have
    errors, they are made what they were.
    """
    watching.on_found(found)
    if not found.edits or watching.only_look or not watching.approve(found):
        return found
    written = write_all(workspace.project.root, found.edits)
    try:
        fresh = replace(workspace)
        _refuse_unsound(fresh, found)
        again = await remaining(fresh)
    except BaseException:
        written.undo()
        raise
    return replace(found, written=True, again=again)


def _refuse_unsound(workspace: Workspace, found: Pulled) -> None:
    first = next((one for one in workspace.loaded.diagnostics if has_errors([one])), None)
    if first is None:
        return
    one_by_one = f"pull what is sound field by field: {workspace.info.command('pull ADDRESS.FIELD')}"
    raise Refused(
        f"{'the new entries' if found.adopting else 'the live values'} would make the files invalid",
        detail=f"{f'{first.where}: ' if first.where else ''}{first.summary}; the files are as they were",
        hint="" if found.adopting else one_by_one,
    )
