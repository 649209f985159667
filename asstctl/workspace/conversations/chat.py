"""Use case: talk to one assistant, as a person does.

As with `test`, a store in this process is first brought to what the files say, and elsewhere an assistant that differs
from its files is refused unless what is deployed is meant. Everything that is made stands in a ledger.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asstctl.core.address import Address
from asstctl.core.diagnostic import Where, has_errors
from asstctl.core.errors import InvalidInput, Refused, WrongUsage
from asstctl.core.ports import Provider
from asstctl.core.thread import Need, Tool, run_pair
from asstctl.documents.paths import PathRefused, inside, is_file
from asstctl.engine.planning.policy import Policy
from asstctl.engine.runs.journal import new_run
from asstctl.manifest import masked
from asstctl.workspace.conversations.cast import Cast, brought_up, deployed_ids, differences, live
from asstctl.workspace.conversations.conversation_files import NewConversation, declared, new_file, write_conversation
from asstctl.workspace.conversations.equipment import NOTHING, equipment, stores_in
from asstctl.workspace.conversations.ledger import FileLedger
from asstctl.workspace.conversations.loading import signatures, withheld
from asstctl.workspace.conversations.partners import replies_of
from asstctl.workspace.conversations.tapes import secret_values
from asstctl.workspace.conversations.test import stub_environment
from asstctl.workspace.plan import plan_on
from asstctl.workspace.selection import select_assistant
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import UserFile
    from asstctl.conversation.chatting import Chat, Person
    from asstctl.conversation.playing.answers import Stubs
    from asstctl.conversation.stubs.rules import Rules
    from asstctl.conversation.writing import Had

_NO_TEXT = (".csv", ".xlsx", ".xls", ".xml", ".tar", ".zip", ".pkl", ".parquet", ".db", ".sqlite")
"""What `file_search` finds no text in."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which chat: the assistant as typed ("": the only one), files of stubs, and whether their code may run. `live`:
    what is deployed is talked to, whatever the files say. `patience` is how many seconds each step may take."""

    assistant: str = ""
    stubs: tuple[Path, ...] = ()
    allow_code: bool = True
    live: bool = False
    patience: float | None = None


@dataclass(frozen=True)
class OpenChat:
    """A chat that is going on. `replies` says where answers come from, `exercised` whether the assistant's own
    instructions have a part in them; `warnings` are sentences."""

    workspace: Workspace
    address: Address
    chat: "Chat"
    replies: str
    exercised: bool
    cannot: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def attachment(self, typed: str) -> "UserFile":
        """A file to send with a message: an image by its type, else for those tools of the assistant that can read it.

        Raises WrongUsage for what is no file, or nothing that this assistant could look at.
        """
        from asstctl.conversation.case import UserFile
        from asstctl.conversation.reading.said import PICTURES

        path, shown = _file(self.workspace.project.root, typed)
        suffix = path.suffix.lower()
        is_image = suffix in PICTURES
        need = Need.IMAGES if is_image else Need.ATTACHMENTS
        if need in self.cannot:
            raise WrongUsage(self.cannot[need])
        if is_image:
            return UserFile(shown, Where(shown), path=path)
        tools = [tool for tool in self._tools if tool is not Tool.FILE_SEARCH or suffix not in _NO_TEXT]
        if not tools:
            has = f"has only {self._tools[0]}" if self._tools else "has neither file_search nor code_interpreter"
            raise WrongUsage(f"nobody would read {typed}", detail=f"{self.address} {has}, and it is no image")
        return UserFile(shown, Where(shown), path=path, tools=tuple(tools))

    def save(self, typed: str) -> NewConversation:
        """Write what was said so far as a conversation. Raises WrongUsage and Refused, and then nothing was written."""
        path = new_file(self.workspace, typed)
        return write_conversation(self.workspace, path, self.address, [_bringable(had) for had in self.chat.had])

    @property
    def _tools(self) -> list[Tool]:
        """The tools of the assistant that read files."""
        found = next(one for one in self.workspace.desired() if one.address == self.address)
        declared_tools: Any = found.fields.get("tools") or ()
        types = {tool.get("type") for tool in declared_tools}
        return [tool for tool in Tool if tool in types]


@asynccontextmanager
async def open_chat(workspace: Workspace, wanted: Wanted, person: "Person") -> AsyncIterator[OpenChat]:
    """Open a chat; what its thread holds is deleted when it is left."""
    from asstctl.conversation.chatting import Chat
    from asstctl.conversation.playing.belongings import Belongings
    from asstctl.conversation.playing.searching import searching
    from asstctl.conversation.tapes.secrets import Sieve

    addresses = [one.address for one in workspace.desired()]
    address = select_assistant(wanted.assistant, addresses, "chat")
    stubs = _stubs(workspace, address, wanted)
    async with workspace.open() as provider:
        cast = await _cast(workspace, provider, address, wanted)
        secrets = tuple(secret_values(workspace))
        sieve = Sieve(secrets) if secrets else None
        cannot = provider.store.capabilities.missing
        host = provider.thread_host()
        with closing(FileLedger(workspace.project.root, new_run(), workspace.info)) as ledger:
            assistant, given = cast.ids[address.key], cast.equipment.get(address.key, NOTHING)
            otherwise = searching(host, given.searches, Where(""))
            chat = Chat(
                host,
                assistant,
                partial(stubs, veil=sieve.without if sieve else None, otherwise=otherwise, tracer=workspace.tracer),
                person,
                lambda: Belongings(host, ledger, f"chat with {address.key}", _PATIENCE, assistant, given.tools),
                bears=run_pair(workspace.project.name, ledger.run),
                stream=Need.STREAM not in cannot,
                patience=wanted.patience,
                curtain=sieve,
                name=address.key,
                provider=workspace.target.provider,
                tracer=workspace.tracer,
            )
            try:
                yield OpenChat(workspace, address, chat, *replies_of(workspace), cannot, cast.warnings)
            finally:
                await chat.begin_anew()
                await host.aclose()


_PATIENCE = 10.0
"""Seconds that deleting one thing may take."""


async def _cast(workspace: Workspace, provider: Provider, address: Address, wanted: Wanted) -> Cast:
    tested = frozenset({address})
    if workspace.is_embedded and not wanted.live:
        return await brought_up(workspace, provider, tested)
    plan, _ = await plan_on(workspace, provider, Policy(only=workspace.with_dependencies(tested)))
    if wanted.live:
        return live(workspace, plan, tested)
    ids = deployed_ids(plan)
    for _, why in differences(workspace, plan, tested):
        raise Refused(
            f"{address} on {plan.target.name} is not what your files say ({why})",
            detail="Talk to what is deployed: --live." if address.key in ids else "",
            hint=f"Deploy it: {plan.target.command('apply')}",
        )
    return Cast(ids, equipment=equipment(workspace.desired(), stores_in(plan)))


def _stubs(workspace: Workspace, address: Address, wanted: Wanted) -> "Callable[..., Stubs]":
    """Makes the stubs of one thread, none of them asked yet."""
    from asstctl.conversation.playing.answers import Stubs
    from asstctl.conversation.reading.loose_stubs import loose_stubs
    from asstctl.conversation.stubs.child import child_environment
    from asstctl.documents.templates import VARS

    loaded = workspace.loaded
    rules, diagnostics = loose_stubs(
        wanted.stubs,
        root=workspace.project.root,
        use=loaded.stub_files,
        assistant=address.key,
        functions={
            one.address.key: signatures(one, loaded.returns.get(one.address.key, {}))
            for one in workspace.desired()
            if one.address.kind == "assistant"
        },
        vars=loaded.variables.values,
        withheld=withheld(loaded.variables, workspace.project.secrets),
    )
    if has_errors(diagnostics):
        raise InvalidInput(masked(diagnostics, workspace.project.secrets))
    if not wanted.allow_code:
        _refuse_code(rules)
    return partial(
        Stubs,
        rules,
        child_environment(os.environ, stub_environment(workspace)),
        values={VARS: loaded.variables.values},
        returns={n: one.returns for n, one in declared(workspace, address).items() if one.returns is not None},
    )


def _refuse_code(rules: "Rules") -> None:
    running = [(name, rule) for name, found in rules.items() for rule in found if rule.answer.runs_code]
    if running:
        names = ", ".join(sorted({f"`{name}`" for name, _ in running}))
        raise Refused(
            f"the stubs of {names} run code, and --no-code forbids it",
            detail="; ".join(sorted({str(rule.where) for _, rule in running})),
            hint="leave --no-code out, or name stubs without code in `test.use`",
        )


def _bringable(had: "Had") -> "Had":
    """The same where only files of the project are more than a number."""
    here = tuple(file for file in had.files if not Path(file.shown).is_absolute())
    away = [file for file in had.files if file not in here]
    images = sum(file.tools is None for file in away)
    return replace(had, spoken=replace(had.spoken, images=images, files=len(away) - images), files=here)


def _file(root: Path, typed: str) -> tuple[Path, str]:
    """The file that a person means, and what it is called: by its path in the project where it lies there."""
    path = Path(os.path.normpath(Path(typed).expanduser().absolute()))
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        real = path
    home = root.resolve() if real.is_relative_to(root.resolve()) else None
    try:
        real = inside(home or Path(real.anchor), real.parent, real.name)
    except PathRefused as refused:
        raise WrongUsage(f"{typed} is not read", detail=refused.summary, hint=refused.hint) from None
    if not is_file(real):
        raise WrongUsage(f"there is no file {typed}", hint="name one that is there")
    return real, real.relative_to(home).as_posix() if home else str(real)
