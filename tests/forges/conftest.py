"""Hosts on this machine, each with one repository in which a change is proposed."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.ports import Forge, Observer
from asstctl.forges import forge_here, opener, pipeline_here
from asstctl.net.retry import RetryPolicy
from tests.forges import github as github_stand_in
from tests.forges import gitlab as gitlab_stand_in
from tests.forges.git_folder import GitFolder
from tests.forges.github import GitHub
from tests.forges.gitlab import GitLab

QUICK = RetryPolicy(first=0.001)

github = pytest.fixture(github_stand_in.running)
gitlab = pytest.fixture(gitlab_stand_in.running)


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits on `main` and, from the first one, two on `change`."""
    git = GitFolder.made(tmp_path_factory.mktemp("seed") / "shop")
    first = git.commit(
        {
            "asstctl.yaml": "project: shop\n",
            ".github/workflows/plan.yml": "jobs:\n  plan:\n    uses: ./.github/workflows/called.yml\n",
            ".github/workflows/called.yml": "on: workflow_call\n",
            ".github/actions/set-up/action.yml": "runs: {using: composite}\n",
        }
    )
    git.git("branch", "change", first)
    git.commit({"README.md": "A shop\n"})
    git.commit({"bots/tutor.yaml": "kind: assistant\n"}, branch="change")
    git.commit({"bots/tutor.yaml": "kind: assistant\nname: Tutor\n"})
    git.git("checkout", "-q", "main")
    return git.path


@pytest.fixture
def folder(seed: Path, tmp_path: Path) -> GitFolder:
    """A copy of it, for one test."""
    return GitFolder(Path(shutil.copytree(seed, tmp_path / "shop")))


@dataclass(frozen=True)
class Scene:
    """A host, its repository, and a pull request in it. `repository`, `pull` and `host` are those of a stand-in."""

    name: str
    host: Any
    repository: Any
    pull: Any
    folder: Path

    @property
    def git(self) -> GitFolder:
        found: GitFolder = self.repository.git
        return found

    def environ(self, token: str | None = None) -> dict[str, str]:
        """What the runner sets in a run of the pull request."""
        if self.name == "github":
            return dict(self.pull.run().environ(self.folder / "runner", token))
        return dict(self.pull.environ(token))

    def pushed(self, branch: str = "main") -> dict[str, str]:
        """What it sets in a run of a branch."""
        if self.name == "github":
            return dict(self.repository.run("push", branch=branch).environ(self.folder / "runner"))
        return dict(self.repository.environ("push", branch=branch))

    def open(self, environ: Mapping[str, str] | None = None, observer: Observer | None = None) -> Forge:
        """The forge, as a run of the pull request opens it."""
        return opened(self.environ() if environ is None else environ, observer)

    def token(self, *, login: str = "", writes: bool = True) -> str:
        """A token of somebody, who may write comments or not."""
        if self.name == "github":
            may = github_stand_in.WRITES if writes else github_stand_in.READS
            return str(self.repository.token(may, login=login or github_stand_in.BOT))
        return str(self.host.token(login or gitlab_stand_in.BOT, writes=writes))

    @property
    def own(self) -> str:
        """Who bears the token of a run."""
        return github_stand_in.BOT if self.name == "github" else gitlab_stand_in.BOT

    @property
    def bodies(self) -> list[str]:
        """What the comments of the pull request say now."""
        return [one["body"] for one in self.pull.comments]


def opened(environ: Mapping[str, str], observer: Observer | None = None) -> Forge:
    """The forge of a runner, which does not wait long before it asks again."""
    forge, pipeline = forge_here(environ), pipeline_here(environ)
    assert forge is not None
    return opener(forge)(pipeline, environ, observer=observer, retry=QUICK)


@pytest.fixture
def on_github(github: GitHub, folder: GitFolder, tmp_path: Path) -> Scene:
    repository = github.repository("octo/shop", folder)
    return Scene("github", github, repository, repository.pull("change"), tmp_path)


@pytest.fixture
def on_gitlab(gitlab: GitLab, folder: GitFolder, tmp_path: Path) -> Scene:
    project = gitlab.project("octo/shop", folder)
    return Scene("gitlab", gitlab, project, project.pull("change"), tmp_path)


@pytest.fixture(params=["github", "gitlab"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """Each host in turn."""
    found: Scene = request.getfixturevalue(f"on_{request.param}")
    return found
