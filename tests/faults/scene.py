"""A project of N assistants, an account, and `asstctl` between them; what a command did, as the server counts it."""

import io
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from asstctl.cli import run
from tests.faults.account import Account, told, writes
from tests.faults.table import Row, file

COUNT = 10


@dataclass(frozen=True)
class Ran:
    """How one command ended: its code, its outcomes by status, the writes that took effect, its requests."""

    code: int
    outcomes: Counter[str]
    done: list[tuple[str, str]]
    asked: list[tuple[str, str]]
    told: str
    details: tuple[str, ...] = ()

    @property
    def writes(self) -> int:
        return len(self.done)

    def __str__(self) -> str:
        listed = [f"{number} {status}" for status, number in sorted(self.outcomes.items()) if number]
        return ", ".join(listed) or "none"


@dataclass
class Scene:
    """One project on one account. `count` assistants are declared, each with its number for a name."""

    root: Path
    account: Account
    count: int = COUNT
    settings: str = ""
    list_lag: float = 0.0
    temperature: float = 0.2
    more: dict[str, str] = field(default_factory=dict)

    def write(self) -> None:
        """The project's files, as they are to be now."""
        provider = {"assistants": "assistants", "agents": "openai"}[self.account.api]
        lag = f", list_lag: {self.list_lag}"
        target = f"{{provider: {provider}, base_url: '{self.account.url}'{lag}{self.settings}}}"
        text = f"version: 1\nproject: school\ndefault_target: far\ntargets:\n  far: {target}\n"
        (self.root / "asstctl.yaml").write_text(text)
        folder = self.root / "assistants"
        folder.mkdir(exist_ok=True)
        documents = (
            f"kind: assistant\nkey: a{n:02}\nname: Assistant {n}\nmodel: gpt-4o\n"
            f"instructions: Answer at {self.temperature} degrees.\n"
            for n in range(self.count)
        )
        (folder / "all.yaml").write_text("---\n".join(documents))
        for name, content in self.more.items():
            (folder / name).write_text(content)

    def apply(self, *options: str) -> Ran:
        """`asstctl apply --yes`, in this process."""
        return self.command("apply", "--yes", *options)

    def command(self, *words: str) -> Ran:
        """A command that says what it did in JSON. No object ever has a twin afterwards that it made."""
        self.account.forget()
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run((*words, "--format", "json"))
        assert "Traceback" not in err.getvalue()
        assert "error[bug]" not in err.getvalue()
        said = json.loads(out.getvalue()) if out.getvalue() else {}
        outcomes = [one for one in said.get("outcomes", ()) if not one["refresh"]]
        return Ran(
            code,
            Counter(one["status"] for one in outcomes),
            [*self.account.done],
            [*self.account.asked],
            out.getvalue() + err.getvalue(),
            tuple(one["detail"] for one in outcomes if one["detail"]),
        )

    def applied(self) -> "Scene":
        """With everything made already, and nothing counted."""
        self.write()
        assert self.apply().code == 0
        self.account.forget()
        return self

    def edited(self) -> "Scene":
        """With everything made already, and every file changed since."""
        self.applied()
        self.temperature = 0.7
        self.write()
        return self

    def start(self) -> "subprocess.Popen[bytes]":
        """`asstctl apply --yes` as a process, to be killed."""
        command = [sys.executable, "-m", "asstctl", "apply", "--yes"]
        return subprocess.Popen(command, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def killed_at(self, point: int) -> int:
        """SIGKILL for `asstctl apply` once so many writes took effect, before it hears of the last; how it ended."""
        self.account.forget()
        victim: list[int] = []
        hit: list[int] = []

        def kill(_: object) -> None:
            hit.append(1)
            if len(hit) == point:
                os.kill(victim[0], signal.SIGKILL)

        self.account.strike(around=told(kill, writes))
        with self.start() as process:
            victim.append(process.pid)
            code = process.wait(timeout=60)
        self.account.strike()
        self.account.settle()
        return code

    def file(
        self,
        fault: str,
        does: str,
        ran: Ran,
        *,
        again: Callable[[], Ran] | None = None,
        mend: Callable[[], Any] = lambda: None,
        mended: str = "",
        left: int | None = None,
    ) -> None:
        """File the line of a fault that has just struck `ran`.

        The faults end here, `mend` is what a person does, then the same command runs twice: the first puts right what
        is left to do, the second writes nothing, and what is on the account is what was declared, each once.
        """
        again = again or self.apply
        there = self.account.marked()
        self.account.strike()
        mend()
        following, last = again(), again()
        finally_there = self.account.marked()
        left = self.count if left is None else left

        assert following.code == last.code == 0, (following.told, last.told)
        assert last.writes == 0
        assert not last.outcomes
        assert len(finally_there) == left
        assert set(finally_there.values()) <= {1}
        file(
            Row(
                fault,
                does,
                str(ran),
                f"{there.total()} of {left}",
                str(ran.writes),
                str(ran.code),
                f"{mended}{said(following)}",
                "0 writes",
            )
        )


def said(ran: Ran) -> str:
    """What a command did, in the table's words."""
    made = Counter({"POST": "writes", "DELETE": "deletes"}[method] for method, _ in ran.done)
    creates = sum(method == "POST" and path.count("/") == 1 for method, path in ran.done)
    made.update({"creates": creates, "writes": -creates})
    listed = [f"{number} {what if number > 1 else what[:-1]}" for what, number in sorted(made.items()) if number > 0]
    return ", ".join(listed) or "0 writes"
