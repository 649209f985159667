"""What is said of a conversation file that was written for somebody."""

import shlex
from typing import TYPE_CHECKING

from asstctl.cli.session import Session

if TYPE_CHECKING:
    from asstctl.workspace.conversations.conversation_files import NewConversation


def say_written(session: Session, new: "NewConversation") -> None:
    """The file, what is not in it, what is wrong with it, and the way on."""
    from asstctl.core.diagnostic import has_errors
    from asstctl.render.escape import defused, visible

    turns = "1 turn" if new.turns == 1 else f"{new.turns} turns"
    session.result(defused(visible(f"Wrote {new.path}: {turns}.")))
    for note in new.notes:
        session.remark(f"  {note}")
    if new.diagnostics:
        session.diagnostics(new.diagnostics)
    session.say(
        "  Replies stand there as `was`; to expect something of one, add `expect: {icontains: ...}` to its turn."
    )
    if new.is_played and not has_errors(new.diagnostics):
        session.remark(f"  To play it: {session.workspace.info.command(f'test {shlex.quote(new.path)}')}")
