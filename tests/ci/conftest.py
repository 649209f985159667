"""A shop of one assistant in a repository on the stand-in for GitHub, deployed to a server on this machine."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from asstctl.cli import run as cli_run
from tests.ci.runner import Performed, Runner, outputs_in
from tests.contract.conftest import serving
from tests.forges import github as github_stand_in
from tests.forges.git_folder import GitFolder, How
from tests.forges.github import PLAN_WORKFLOW, GitHub, Kept, Pull, Repository, Run
from tests.repository.consoles import ROOT

EXAMPLE = ROOT / "examples/18-pull-requests"
KEYS = {"PROD_KEY": "sk-prod-7Yq1tP3v", "PROD_READ_KEY": "sk-prod-read-Zx90", "CANDIDATES_KEY": "sk-candidates-44aB"}
APPLY_WORKFLOW = ".github/workflows/apply.yml"

LEFT = Path(".asstctl/ci/local")
"""Where the commands of a pipeline leave their files."""

TUTOR = """\
kind: assistant
key: tutor
name: Tutor
model: gpt-4o
instructions: You are a patient tutor.
temperature: 0.2 # quiet, on purpose
"""
KIND = TUTOR.replace("a patient tutor", "a kind tutor")
TALK = """\
assistant: tutor
turns:
  - user: What is 2 + 2?
    expect: {icontains: "2 + 2"}
"""

github = pytest.fixture(github_stand_in.running)


@dataclass
class Shop:
    """The repository `octo/shop`, its pull requests and runs, and the server that its target `prod` means."""

    repository: Repository
    url: str
    log: Path
    runner: Runner

    @property
    def git(self) -> GitFolder:
        return self.repository.git

    def proposed(self, files: Mapping[str, str | None], branch: str = "change", *, fork: bool = False) -> Pull:
        """Open a pull request for some files."""
        self.pushed(files, branch)
        return self.repository.pull(branch, fork=fork)

    def pushed(self, files: Mapping[str, str | None], branch: str = "change") -> str:
        """Commit files to a branch; `main` is checked out again afterwards."""
        commit = self.git.commit(files, branch=branch)
        self.git.git("checkout", "-q", "main")
        return commit

    def planned(self, pull: Pull) -> Performed:
        """The run of the plan for the last commit of a pull request."""
        return self.runner.perform(pull.run(), "plan", secrets=KEYS)

    def applied(self, *, expect: str = "") -> Performed:
        """The run of the apply for what is on `main`, by hand where a digest is named."""
        event = "workflow_dispatch" if expect else "push"
        run = self.repository.run(event, workflow=APPLY_WORKFLOW)
        return self.runner.perform(run, "apply", secrets=KEYS, inputs={"expect": expect})

    def checked(self) -> Performed:
        """The nightly run."""
        run = self.repository.run("schedule", workflow=".github/workflows/drift.yml")
        return self.runner.perform(run, "drift", secrets=KEYS)

    def deployed(self) -> None:
        """What is on `main` is what is on prod."""
        self.by_hand("apply", "--yes")

    def by_hand(self, *words: str, **environ: str) -> str:
        """What `asstctl WORDS` prints, typed in the checkout by somebody who has the key."""
        given = {"PATH": os.environ["PATH"], "PROD_KEY": KEYS["PROD_KEY"], **environ}
        command = [sys.executable, "-m", "asstctl", *words]
        done = subprocess.run(command, cwd=self.git.path, env=given, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def kept(self, name: str) -> Kept:
        """The newest artifact of a name."""
        return next(one for one in reversed(self.repository.artifacts) if one.name == name)

    # the server

    def call(self, method: str, path: str, body: Any = None) -> Any:
        with httpx2.Client(trust_env=False) as client:
            return client.request(method, f"{self.url}{path}", json=body).json()

    @property
    def tutor(self) -> dict[str, Any]:
        """The one assistant that is there."""
        (found,) = self.call("GET", "/assistants?limit=100")["data"]
        return dict(found)

    def writes(self) -> list[str]:
        """All that was written on the server so far."""
        lines = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
        return [f"{one['method']} {one['path']}" for one in lines if one["method"] != "GET"]


@pytest.fixture
def shop(github: GitHub, tmp_path: Path) -> Iterator[Shop]:
    """The shop, of which nothing is deployed yet."""
    log = tmp_path / "requests.jsonl"
    log.touch()
    with serving(tmp_path / "server.db", "--log", str(log)) as url:
        git = GitFolder.made(tmp_path / "shop")
        project = (EXAMPLE / "asstctl.yaml").read_text("utf-8").replace("http://127.0.0.1:8642/v1", url)
        files = {
            "asstctl.yaml": project,
            ".gitignore": ".asstctl/\n",
            "replies.yaml": (EXAMPLE / "replies.yaml").read_text("utf-8"),
            "assistants/tutor.yaml": TUTOR,
            "assistants/tutor.convo.yaml": TALK,
        }
        workflows = {f".github/workflows/{one.name}": one.read_text("utf-8") for one in EXAMPLE.glob("workflows/*")}
        git.commit({**files, **workflows})
        yield Shop(github.repository("octo/shop", git), url, log, Runner(tmp_path / "runner"))


@dataclass(frozen=True)
class Desk:
    """The same repository without a server: commands run in this process and in its folder, on the target `local`."""

    repository: Repository
    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    folder: Path

    @property
    def git(self) -> GitFolder:
        return self.repository.git

    def proposed(self, files: Mapping[str, str | None], branch: str = "change", *, fork: bool = False) -> Pull:
        """Open a pull request for some files; its branch is checked out."""
        self.git.commit(files, branch=branch)
        return self.repository.pull(branch, fork=fork)

    def ci(self, run: Run | None, *words: str, token: str | None = None, **environ: str) -> "Ran":
        """`asstctl ci WORDS` in a run, or on a laptop, on what is checked out."""
        place = self.folder / str(len(list(self.folder.iterdir())))
        place.mkdir()
        given = run.environ(place, token) if run else {}
        with self.monkeypatch.context() as patched:
            for name, value in {**given, **environ}.items():
                patched.setenv(name, value)
            self.capture.readouterr()
            code = cli_run(["ci", *words])
            captured = self.capture.readouterr()
        output = place / "output"
        told = dict(outputs_in(output.read_text("utf-8"))) if run else {}
        shown = (place / "summary.md").read_text("utf-8") if run else ""
        return Ran(code, captured.out, captured.err, told, shown)

    def planned(self, pull: Pull, *words: str, workflow: str = PLAN_WORKFLOW) -> "Ran":
        """A plan of a pull request's branch, kept as its run's artifact."""
        self.git.git("checkout", "-q", pull.branch)
        run = pull.run(workflow=workflow)
        ran = self.ci(run, "plan", *words)
        run.upload(ran.told["artifact"], Path(ran.told["folder"]))
        return ran

    def merged(self, pull: Pull, how: How = "merge") -> None:
        """Merge it; what that made is checked out."""
        pull.merge(how)
        self.git.git("checkout", "-q", pull.into)
        self.git.git("reset", "-q", "--hard", pull.into)

    def applied(self, *words: str, event: str = "push", token: str | None = None) -> "Ran":
        """An apply of what is on the branch that is checked out."""
        run = self.repository.run(event, branch=self.git.git("branch", "--show-current"), workflow=APPLY_WORKFLOW)
        return self.ci(run, "apply", *words, token=token)

    @property
    def instructions(self) -> str:
        """What the assistant is told on the target now; nothing where it is not there."""
        self.capture.readouterr()
        code = cli_run(["show", "tutor", "--format", "json"])
        out = self.capture.readouterr().out
        return str(json.loads(out)["fields"]["instructions"]) if code == 0 else ""


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it told the runner: outputs by name, and its summary."""

    code: int
    out: str
    err: str
    told: Mapping[str, str]
    summary: str

    @property
    def said(self) -> str:
        """What it said on stderr, on one line."""
        return " ".join(self.err.split())


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose assistant is applied to `local`."""
    git = GitFolder.made(tmp_path_factory.mktemp("seed") / "desk")
    git.commit(
        {
            "asstctl.yaml": "version: 1\nproject: school\ntargets: {local: {provider: local, replies: echo}}\n",
            ".gitignore": ".asstctl/\n",
            "assistants/tutor.yaml": TUTOR,
            "assistants/tutor.convo.yaml": TALK,
            PLAN_WORKFLOW: "on: pull_request\n",
            APPLY_WORKFLOW: "on: push\n",
        }
    )
    command = [sys.executable, "-m", "asstctl", "apply", "--yes", "--quiet"]
    subprocess.run(command, cwd=git.path, env={"PATH": os.environ["PATH"]}, check=True, stdout=subprocess.DEVNULL)
    return git.path


@pytest.fixture
def desk(
    github: GitHub, seed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    """A copy of it, for one test."""
    git = GitFolder(Path(shutil.copytree(seed, tmp_path / "desk")))
    monkeypatch.chdir(git.path)
    (tmp_path / "runs").mkdir()
    return Desk(github.repository("octo/desk", git), capsys, monkeypatch, tmp_path / "runs")


def left() -> dict[str, bytes]:
    """What a plan left, to be kept by somebody else."""
    return {one.name: one.read_bytes() for one in LEFT.iterdir()}


def ended(ran: Ran) -> tuple[int, str]:
    """The exit code, and why."""
    return ran.code, ran.told.get("failure-reason", "")
