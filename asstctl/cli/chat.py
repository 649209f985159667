"""`asstctl chat`"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from asstctl.cli import offers
from asstctl.cli.options import shared_command
from asstctl.cli.session import Session
from asstctl.core.errors import AsstctlError
from asstctl.core.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from asstctl.cli.lines import Lines
    from asstctl.conversation.case import UserFile
    from asstctl.core.thread import ToolCall
    from asstctl.workspace.conversations.chat import OpenChat, Wanted


@shared_command("chat")
@click.argument("key", required=False, default="", shell_complete=offers.assistant)
@click.option(
    "--stubs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="ASSTCTL_STUBS",
    help="Stubs that answer calls, before those of `test.use`; may be repeated.",
)
@click.option("--live", is_flag=True, envvar="ASSTCTL_LIVE", help="What is deployed, whatever the files say.")
@click.option("--no-code", is_flag=True, envvar="ASSTCTL_NO_CODE", help="Refuse stubs that run code.")
@click.option("--keep", is_flag=True, envvar="ASSTCTL_KEEP", help="Leave the threads where they are.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    envvar="ASSTCTL_TIMEOUT",
    help="How long the assistant may take for each step.",
)
def command(
    session: Session, key: str, stubs: tuple[Path, ...], live: bool, no_code: bool, keep: bool, timeout: float
) -> ExitCode:
    """Talk to an assistant, named by its key where there are several.

    Calls are shown and answered by stubs; where none answers, you are asked for the output. On a local target the files
    are what is talked to, elsewhere what is deployed, if it is what the files say. Lines may also come from a script.

    \b
    Examples:
      asstctl chat
      asstctl chat guagua --target staging --live
      asstctl chat guagua --stubs assistants/demo.stubs.yaml < lines.txt
    """
    import asyncio

    from asstctl.workspace.conversations.chat import Wanted

    wanted = Wanted(key, tuple(path.absolute() for path in stubs), not no_code, live, timeout)
    return asyncio.run(_chat(session, wanted, keep=keep))


async def _chat(session: Session, wanted: "Wanted", *, keep: bool) -> ExitCode:
    import asyncio

    from asstctl.cli.lines import Lines
    from asstctl.core.errors import Interrupted
    from asstctl.workspace.conversations.chat import open_chat

    lines = Lines(session.talk)
    talker = _Talker(session, lines, keep=keep)
    try:
        async with open_chat(session.workspace, wanted, talker) as chat:
            session.warnings()
            return await talker.talk(chat)
    except asyncio.CancelledError:
        raise Interrupted("interrupted", detail="what was made for the chat was removed first") from None


class _Talker:
    """The person at the other end: what is typed and what is shown."""

    def __init__(self, session: Session, lines: "Lines", *, keep: bool) -> None:
        from asstctl.render.chat import Reply

        self._session = session
        self._lines = lines
        self._keep = keep
        self._reply = Reply()
        self._files: list[UserFile] = []
        self._code = ExitCode.DONE
        self._told: Callable[[str], str] = str

    async def talk(self, chat: "OpenChat") -> ExitCode:
        """Until there are no more lines."""
        from asstctl.render.chat import USER, opening_text

        self._told = chat.chat.told
        target = chat.workspace.target.name
        session = self._session
        session.say(opening_text(chat.address, target, chat.replies, exercised=chat.exercised, look=session.look))
        for warning in chat.warnings:
            session.warn(warning)
        interrupted = False
        try:
            while not self._lines.ended and (typed := self._lines.read(USER)) is not None and typed.strip() != "/quit":
                await self._take(chat, typed)
        except KeyboardInterrupt:
            interrupted = True
        if self._lines.is_terminal:
            session.say("")
        await self._leave(chat)
        if interrupted or self._lines.ended:
            return ExitCode.INTERRUPTED
        return ExitCode.DONE if self._lines.is_terminal else self._code

    async def _take(self, chat: "OpenChat", typed: str) -> None:
        from asstctl.render.chat import user_text

        if not typed.strip():
            return
        if typed.startswith("/") and not typed.startswith("//"):
            try:
                await self._command(chat, *typed.strip().partition(" ")[::2])
            except AsstctlError as problem:
                self._session.failed(problem)
                self._code = ExitCode.FAILED
            return
        text = typed.removeprefix("/") if typed.startswith("//") else typed
        if not self._lines.is_terminal:
            self._session.result(user_text(self._told(text), self._session.look))
        files, self._files = self._files, []
        ended = await self._lines.while_doing(chat.chat.say(text, files))
        self._session.result(self._reply.end())
        if ended.trouble:
            for line in f"no whole reply: {ended.trouble}".splitlines():
                self._session.remark(line)
            self._code = self._code or ExitCode.INCONCLUSIVE
        if ended.anew:
            self._session.remark("The thread cannot be gone on with: the next message begins a new one.")

    async def _command(self, chat: "OpenChat", name: str, argument: str) -> None:
        from asstctl.core.errors import WrongUsage
        from asstctl.core.suggest import did_you_mean
        from asstctl.render.chat import COMMANDS, help_text

        known = {one.partition(" ")[0]: one for one in COMMANDS}
        if name not in known:
            raise WrongUsage(f"there is no {name}", hint=did_you_mean(name, known))
        if (" " in known[name]) is not bool(argument.strip()):
            raise WrongUsage(f"it is typed {known[name]}")
        match name:
            case "/attach":
                self._attach(chat, argument.strip())
            case "/save-test":
                self._save(chat, argument.strip())
            case "/new":
                await self._leave(chat)
                self._session.remark("The next message begins a new thread.")
            case "/help":
                self._session.say(help_text(self._session.look))

    def _attach(self, chat: "OpenChat", typed: str) -> None:
        file = chat.attachment(typed)
        self._files.append(file)
        how = "as an image" if file.tools is None else f"for {' and '.join(file.tools)}"
        self._session.remark(f"{file.shown} goes with the next message, {how}.")

    def _save(self, chat: "OpenChat", typed: str) -> None:
        from asstctl.cli.new_conversation import say_written

        if lost := chat.chat.lost:
            said = f"{lost} messages that" if lost > 1 else "A message that"
            self._session.warn(f"{said} had no whole reply {'are' if lost > 1 else 'is'} not in it")
        say_written(self._session, chat.save(typed))

    async def _leave(self, chat: "OpenChat") -> None:
        """Leave the thread: deleted, or kept and said."""
        thread, self._files = chat.chat.thread, []
        left = await self._lines.while_doing(chat.chat.begin_anew(keep=self._keep))
        target = chat.workspace.info
        if self._keep and thread:
            self._session.remark(f"Kept: {thread}. To remove it: {target.command('test gc --all', named=2)}")
        for id in left:
            self._session.warn(f"{id} could not be deleted; later: {target.command('test gc')}")

    # What a chat tells its person (`conversation.chatting.Person`)

    def hear(self, text: str) -> None:
        self._session.result(self._reply.take(text), whole=False)

    def called(self, call: "ToolCall") -> None:
        from asstctl.render.chat import call_text

        self._session.result(self._reply.end() + call_text(call, self._session.look))

    def answered(self, output: str) -> None:
        from asstctl.render.chat import answer_text

        self._session.result(answer_text(output, self._session.look))

    def ask(self, call: "ToolCall", why: str) -> str | None:
        from asstctl.render.chat import OUTPUT

        if why or self._lines.is_terminal:
            self._session.remark(why or f"No stub answers `{call.name}`. Its output? JSON or text; Ctrl-D gives up.")
        try:
            typed = self._lines.read(OUTPUT)
        except KeyboardInterrupt:
            typed = None
        if typed is None:
            return None
        output = _output(typed)
        if not self._lines.is_terminal:
            self.answered(self._told(output))
        return output


def _output(typed: str) -> str:
    """What a typed line answers: JSON as programs write it, any other text as it stands, and null for nothing."""
    from asstctl.core.json_text import json_text, read_json

    if not typed.strip():
        return "null"
    try:
        value = read_json(typed)
    except ValueError:
        return typed
    return json_text(value) if isinstance(value, dict | list) else typed
