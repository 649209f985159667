"""Origin: where one value came from.

The one vocabulary for it: `explain` says it of the fields of a manifest and of the variables in them, `doctor` of the
settings of a project. How it looks is for `render`, but for the few words of `str`.
"""

from dataclasses import dataclass
from enum import StrEnum

from asstctl.core.diagnostic import Where


class Source(StrEnum):
    """What a value came from. The first are written in files, at a place; `Origin.name` says more where that helps."""

    BODY = "body"  # a manifest
    FRONT_MATTER = "front-matter"  # a manifest at the top of a Markdown file
    MARKDOWN = "markdown"  # the text below it
    OVERLAY = "overlay"  # `targets:` of a manifest; the name is the target's
    DEFAULTS = "defaults"  # `defaults:` of the project file; the name is the kind's
    FUNCTION = "function"  # a `kind: function`; the name is its key
    FILE = "file"  # a file that a manifest names, taken as it is; the name is its path
    TEMPLATE = "template"  # a file that a manifest names, rendered; the name is its path
    INCLUDE = "include"  # a file that a template takes in; the name is its path
    PROJECT = "project"  # the project file; of a variable: its `vars:`
    TARGET = "target"  # a target in the project file; of a variable: that target's `vars:`; the name is the target's
    VAR_FILE = "var-file"  # a file given by `--var-file`; the name is its path
    FLAG = "flag"  # a flag of the command line; the name is the flag, such as `--var`
    PROGRAM = "program"  # what a program gave that uses asstctl as a library
    ENVIRONMENT = "environment"  # a variable of the environment; the name is the variable's
    DEFAULT = "default"  # nobody said anything; the name says whose default, where that is not ours


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value came from. `where` is the place in a file, where there is one, `last_line` that of its last line;
    a value from the environment may have a place too: the line that names its variable."""

    source: Source
    name: str = ""
    where: Where | None = None
    last_line: int = 0

    def __str__(self) -> str:
        match self.source:
            case Source.FLAG:
                return self.name
            case Source.ENVIRONMENT:
                return f"{self.name} in the environment"
            case Source.PROGRAM:
                return "the program that called"
            case Source.DEFAULT:
                return f"default of {self.name}" if self.name else "default"
        return str(self.where) if self.where else self.name


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is, where it came from, and the weaker origins that also say something, the strongest first.

    `value` is what may be shown of it: never a secret. `is_secret` says that there is more.
    """

    name: str
    value: str
    origin: Origin
    overrides: tuple[Origin, ...] = ()
    is_secret: bool = False
