"""What can be chosen for conversations under pytest: `--asstctl-NAME`, else ASSTCTL_NAME as in `asstctl test`, else
`asstctl_NAME` in the ini file.

Nothing of ours is imported: every run of pytest reads this table.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_PARSED = {"count": int, "number": float}


@dataclass(frozen=True, slots=True)
class Option:
    """One of them. `kind` is flag, text, list, count or number."""

    name: str
    about: str
    kind: str = "text"
    metavar: str | None = None
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is called among the options and in an ini file."""
        return f"asstctl_{self.name}"

    def add_to(self, parser: pytest.Parser, group: Any) -> None:
        """Let it be typed, and be written in an ini file."""
        spelled = "--" + self.key.replace("_", "-")
        if self.kind == "flag":
            group.addoption(spelled, dest=self.key, action="store_true", default=None, help=self.about)
        else:
            action = "append" if self.kind == "list" else "store"
            given = {"type": _PARSED.get(self.kind, str), "choices": self.choices or None, "metavar": self.metavar}
            group.addoption(spelled, dest=self.key, action=action, default=None, help=self.about, **given)
        ini = {"flag": "bool", "list": "linelist"}.get(self.kind, "string")
        parser.addini(self.key, self.about, type=ini, default=None)  # type: ignore[arg-type]  # one of its literals

    def chosen(self, config: pytest.Config | None, environ: Mapping[str, str]) -> Any:
        """Its value; None where nothing was chosen. Raises ValueError for a text that is no number or no choice."""
        typed = config.getoption(self.key, None) if config else None
        if typed is not None:
            return typed
        written = environ.get(self.key.upper()) or (config.getini(self.key) if config else None)
        if written in (None, "", []):
            return None
        return self._read(written)

    def _read(self, written: Any) -> Any:
        if self.kind == "list":
            return written.split() if isinstance(written, str) else list(written)
        if self.kind == "flag":
            return written if isinstance(written, bool) else written.strip().lower() in _TRUE
        try:
            value = _PARSED.get(self.kind, str)(written)
        except ValueError:
            raise ValueError(f"{self.key} must be a number, and is `{written}`") from None
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.key} must be one of {', '.join(self.choices)}, and is `{written}`")
        return value


OPTIONS = (
    Option("target", "A target of the project file.", metavar="NAME"),
    Option("var", "Set a variable; may be repeated.", "list", "K=V"),
    Option("var_file", "Read variables from a YAML file; may be repeated.", "list", "FILE"),
    Option("jobs", "How many conversations run at once. Default: 8.", "count", "N"),
    Option("mode", "Where replies come from. Default: live.", choices=("live", "record", "replay", "auto")),
    Option("offline", "Send nothing but to this machine.", "flag"),
    Option("live", "Talk to what is deployed, whatever the files say.", "flag"),
    Option("candidate", "Talk to copies of what the files say, removed afterwards.", "flag"),
    Option("no_code", "Skip conversations whose stubs run code.", "flag"),
    Option("timeout", "How long one turn may take. Default: 120.", "number", "SECONDS"),
    Option("repeat", "Play each so often, until its verdict is certain.", "count", "N"),
    Option("max_cost", "After so much nothing more is begun.", "number", "USD"),
    Option("keep_failed", "Leave the threads of those that did not pass.", "flag"),
    Option("strict", "Warnings are errors.", "flag"),
    Option("no_skips", "A skipped conversation is a failure.", "flag"),
)


class Chosen:
    """What was chosen, by name. Raises ValueError for what is not to be understood."""

    def __init__(self, config: pytest.Config | None, environ: Mapping[str, str] = os.environ) -> None:
        self._values = {option.name: option.chosen(config, environ) for option in OPTIONS}
        for mode in ("record", "replay", "auto"):  # as `asstctl test` spells them in the environment
            if self._values["mode"] is None and environ.get(f"ASSTCTL_{mode.upper()}", "").lower() in _TRUE:
                self._values["mode"] = mode

    def __getitem__(self, name: str) -> Any:
        return self._values[name]
