"""A runner of workflows, as far as ours need one: it reads a workflow and our action, runs the `run:` steps with bash,
and keeps artifacts on the stand-in for GitHub. What it does not know, it refuses.

    performed = Runner(github, folder).perform(run, "plan", secrets={"PROD_READ_KEY": KEY})
    performed.ok, performed.outputs["plan-digest"], performed.log, performed.summary
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.forges.github import Run
from tests.repository.consoles import ROOT

ACTION = ROOT / ".github/actions/asstctl"
OURS = "OWNER/asstctl/.github/actions/asstctl@COMMIT"
_CHECKOUT = "actions/checkout@"
_UPLOAD = "actions/upload-artifact@"
_EXPRESSION = re.compile(r"\$\{\{ ([\w.-]+) \}\}")
_CONDITION = re.compile(r"always\(\) && ([\w.-]+) != ''")
_OUTPUT = re.compile(r"^([\w-]+)<<(\S+)\n(.*?)\n?^\2$", re.MULTILINE | re.DOTALL)


@dataclass
class Performed:
    """What a job came to: whether each of its steps went well, what they printed, told and showed."""

    ok: bool = True
    log: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    workspace: Path = Path()


@dataclass(frozen=True)
class Context:
    """What expressions may name."""

    values: Mapping[str, str]

    def text(self, written: object) -> str:
        """A text with its expressions filled in; what was not given is empty."""
        return _EXPRESSION.sub(lambda found: self.values.get(found[1], ""), _scalar(written))

    def holds(self, condition: str) -> bool:
        """Whether a step runs although another failed, and how it must have ended."""
        found = _CONDITION.fullmatch(condition)
        assert found, condition
        return bool(self.values.get(found[1]))


@dataclass
class Runner:
    """A machine with asstctl on it. `folder` is where it keeps what it needs; `environ` is set for every job."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    jobs: int = 0

    def perform(
        self,
        run: Run,
        job: str,
        *,
        secrets: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
        workflow: str = "",
    ) -> Performed:
        """One job of the workflow file of a run, as it stands in what is checked out."""
        self.jobs += 1
        home = self.folder / str(self.jobs)
        done = Performed(workspace=home / "checkout")
        commit = run.checked_out
        run.repository.git.git("worktree", "add", "-q", "--detach", str(done.workspace), commit)
        about = yaml.safe_load((done.workspace / (workflow or run.workflow)).read_text("utf-8"))["jobs"][job]
        temp = home / "temp"
        _install(temp)
        set_by_runner = {**run.environ(home / "runner"), "GITHUB_WORKSPACE": str(done.workspace)}
        token = set_by_runner.pop("GITHUB_TOKEN")  # a job's token is in no variable until somebody puts it there
        given = {f"secrets.{name}": value for name, value in (secrets or {}).items() if not run.fork}
        given |= {f"inputs.{name}": value for name, value in (inputs or {}).items()}
        environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **set_by_runner,
            **self.environ,
            "RUNNER_TEMP": str(temp),
            **{name: Context(given).text(value) for name, value in about.get("env", {}).items()},
        }
        for step in about["steps"]:
            uses = step.get("uses", "")
            if uses.startswith(_CHECKOUT):
                continue
            assert uses == OURS, step
            context = Context(given)
            own = {name: context.text(value) for name, value in step.get("env", {}).items()}
            inside = {name: context.text(value) for name, value in step.get("with", {}).items()}
            if done.ok:
                self._act(run, done, {**environ, **own}, inside, token)
        done.summary = Path(set_by_runner["GITHUB_STEP_SUMMARY"]).read_text("utf-8")
        return done

    def _act(self, run: Run, done: Performed, environ: dict[str, str], given: Mapping[str, str], token: str) -> None:
        """Our action, with these inputs."""
        action = yaml.safe_load((ACTION / "action.yml").read_text("utf-8"))
        assert given.keys() <= action["inputs"].keys(), given
        values = {"github.token": token}
        for name, about in action["inputs"].items():
            assert name in given or not about.get("required"), name
            values[f"inputs.{name}"] = given.get(name) or Context(values).text(about.get("default", ""))
        failed = False
        for step in action["runs"]["steps"]:
            context = Context(values)
            if not (context.holds(step["if"]) if "if" in step else not failed):
                continue
            if "run" in step:
                own = {name: context.text(value) for name, value in step.get("env", {}).items()}
                outputs, ok = _in_bash(done, step, {**environ, **own, "GITHUB_ACTION_PATH": str(ACTION)})
                values |= {f"steps.{step.get('id', '')}.outputs.{name}": value for name, value in outputs.items()}
                failed = failed or not ok
            else:
                assert step["uses"].startswith(_UPLOAD), step
                _upload(run, done.workspace, {name: context.text(value) for name, value in step["with"].items()})
        told = {name: Context(values).text(about["value"]) for name, about in action["outputs"].items()}
        done.outputs = {name: value for name, value in told.items() if value}
        done.ok = not failed


def _in_bash(done: Performed, step: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[dict[str, str], bool]:
    assert step["shell"] == "bash"
    output = Path(environ["GITHUB_OUTPUT"])
    output.write_text("", "utf-8")
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=done.workspace,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    done.log += ended.stdout
    return dict(outputs_in(output.read_text("utf-8"))), ended.returncode == 0


def outputs_in(text: str) -> Iterator[tuple[str, str]]:
    """The names and values in a file of outputs."""
    return ((name, value) for name, _, value in _OUTPUT.findall(text))


def _upload(run: Run, workspace: Path, given: Mapping[str, str]) -> None:
    """What `actions/upload-artifact` does with these inputs."""
    assert given.keys() == {"name", "path", "overwrite", "include-hidden-files", "if-no-files-found"}
    assert not re.search(r'["<>|*?:/\\]', given["name"])
    kept = run.repository.artifacts
    same = [one for one in kept if one.run is run and one.name == given["name"]]
    assert not same or given["overwrite"] == "true"
    folder = Path(given["path"])
    files = {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file()}
    if given["include-hidden-files"] != "true" and any(
        part.startswith(".") for part in folder.relative_to(workspace).parts
    ):
        files = {}
    if files:
        kept[:] = [one for one in kept if one not in same]
        run.upload(given["name"], files)


def _install(temp: Path) -> None:
    """What the action's first step would have installed."""
    place = temp / "asstctl/bin/asstctl"
    place.parent.mkdir(parents=True)
    place.symlink_to(Path(sys.executable).parent / "asstctl")


def _scalar(written: object) -> str:
    return str(written).lower() if isinstance(written, bool) else "" if written is None else str(written)
