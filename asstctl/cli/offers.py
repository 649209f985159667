"""Offers: what a shell completes in the options and arguments that name things of a project.

Completion reads files, sends nothing, writes nothing and never complains: where something goes wrong it offers nothing.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from asstctl.workspace.names import Names

Offer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem[str]]"]
_MARK = "::"


def _offer(names: "Callable[[Names, click.Context, str], Iterable[str]]") -> Offer:
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
        from click.shell_completion import CompletionItem

        from asstctl.workspace.names import Names

        try:
            found = list(names(Names(_directory(ctx)), ctx, incomplete))
        except Exception:  # whatever it is: a line that is being typed is no place to say it
            return []
        given = ctx.params.get(param.name or "")
        taken = given if isinstance(given, tuple) else ()
        return [CompletionItem(one) for one in found if one.startswith(incomplete) and one not in taken]

    return complete


def _directory(ctx: click.Context) -> Path:
    """Where the command would run: the folder of `-C`, behind the command's name or before it."""
    at: click.Context | None = ctx
    while at is not None:
        if folder := at.params.get("directory"):
            return Path(folder)
        at = at.parent
    return Path.cwd()


def _places(names: "Names", ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Files of conversations, and behind `FILE::` the ids in it. bash takes the colons for words of their own."""
    before = [str(one) for one in ctx.params.get("places") or ()]
    if before and before[-1] == _MARK and len(before) > 1:
        return names.ids(before[-2])
    if before and incomplete.startswith(_MARK):
        return [_MARK + id for id in names.ids(before[-1])]
    file, mark, _ = incomplete.partition(_MARK)
    return [f"{file}{_MARK}{id}" for id in names.ids(file)] if mark else names.conversations


target = _offer(lambda names, ctx, incomplete: names.targets)
address = _offer(lambda names, ctx, incomplete: names.addresses)
address_or_all = _offer(lambda names, ctx, incomplete: (*names.addresses, "all"))
assistant = _offer(lambda names, ctx, incomplete: names.assistants)
tag = _offer(lambda names, ctx, incomplete: names.tags)
run = _offer(lambda names, ctx, incomplete: names.runs)
place = _offer(_places)
