"""Use case: a thread of a provider as a conversation file."""

import re
from dataclasses import replace

from asstctl.core.errors import NotFound, Refused, WrongUsage
from asstctl.core.thread import Need
from asstctl.workspace.conversations.conversation_files import SUFFIX, NewConversation, new_file, write_conversation
from asstctl.workspace.selection import select_assistant
from asstctl.workspace.workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9_-]+")


async def import_thread(workspace: Workspace, thread: str, *, into: str = "", assistant: str = "") -> NewConversation:
    """Write what was said in a thread as a conversation with this assistant. It sends only GETs.

    Without `into` the file is named after the thread, in the folder where the project's conversations begin.
    """
    from asstctl.conversation.writing import Had

    declared = [one.address for one in workspace.desired()]
    meant = select_assistant(assistant, declared, "--assistant")
    path = new_file(workspace, into or _named_after(workspace, thread))
    async with workspace.open() as provider:
        host = provider.thread_host()
        try:
            history = await host.history(thread)
        except NotFound as error:
            raise Refused(
                f"there is no thread {thread} on {workspace.target.name}",
                detail=f"{workspace.info.place} knows no thread of this id",
                hint="check the id, and name the target that it is on: --target NAME",
            ) from error
        finally:
            await host.aclose()
    if not history:
        raise Refused(f"nothing was said in {thread}", hint="name a thread with messages in it")
    new = write_conversation(workspace, path, meant, [Had(spoken) for spoken in history])
    hidden = provider.store.capabilities.missing.get(Need.STEPS)
    return replace(new, notes=(f"calls are not in it: {hidden}", *new.notes)) if hidden else new


def _named_after(workspace: Workspace, thread: str) -> str:
    if not _NAME.fullmatch(thread):
        raise WrongUsage(f"{thread!r} is no name for a file", hint=f"name one: --into assistants/NAME{SUFFIX}")
    patterns = workspace.project.conversations or ("assistants/**",)
    folder = patterns[0].partition("*")[0].rpartition("/")[0]
    return str(workspace.project.root / folder / f"{thread}{SUFFIX}")
