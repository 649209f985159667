"""Sectioned: a command with more options than anybody reads in one go, and with options whose value may be left out."""

from collections.abc import Mapping, Sequence
from typing import Any

import click


class Sectioned(click.Command):
    """A command whose help shows its options by section; those of no section stand in the last one.

    `bare` are the values of options that were typed without one. Such a value is written with `=`: a blank begins the
    next argument.
    """

    def __init__(
        self, *args: Any, sections: Mapping[str, Sequence[str]], bare: Mapping[str, str], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._sections = sections
        self._bare = bare

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f"{arg}={self._bare[arg]}" if arg in self._bare else arg for arg in args])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        left = {one.name: one for one in self.get_params(ctx) if isinstance(one, click.Option)}
        for title, names in self._sections.items():
            _section(ctx, formatter, title, [left.pop(name) for name in names])
        _section(ctx, formatter, "Options of every command", [*left.values()])


def _section(ctx: click.Context, formatter: click.HelpFormatter, title: str, options: Sequence[click.Option]) -> None:
    with formatter.section(title):
        formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])
