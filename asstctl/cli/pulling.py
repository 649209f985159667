"""What commands that write into the files share: show the edits, and ask."""

from typing import TYPE_CHECKING

from asstctl.cli.session import Session
from asstctl.core.errors import WrongUsage
from asstctl.render import TEXT

if TYPE_CHECKING:
    from asstctl.core.pull import Pulled
    from asstctl.workspace.written_files import Watching


def watching(session: Session, *, yes: bool, form: str, typed: str, only_look: bool = False) -> "Watching":
    """A person's eyes, or CI's with --yes. `typed` is the command to type again."""
    from asstctl.render.pull import found_text, pull_question
    from asstctl.workspace.written_files import Watching

    def shown(found: "Pulled") -> None:
        if form == TEXT:
            session.result(found_text(found, session.look))

    def approve(found: "Pulled") -> bool:
        if yes:
            return True
        if not session.can_ask:
            hint = f"{typed} --yes"
            raise WrongUsage("this needs --yes where nobody can be asked", detail="nothing was written", hint=hint)
        if form != TEXT:
            session.say(found_text(found, session.look))
        return session.ask(pull_question(found))

    return Watching(approve, shown, only_look)
