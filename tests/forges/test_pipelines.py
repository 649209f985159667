"""What runners say of a run: variables, and GitHub's file of the event."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.errors import Refused
from asstctl.core.forge import Event, Pipeline
from asstctl.forges import FORGES, forge_here, pipeline_here
from tests.forges.conftest import Scene


def read(environ: dict[str, str]) -> Pipeline:
    found = pipeline_here(environ)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "environ, forge",
    [
        ({"GITHUB_ACTIONS": "true"}, "github"),
        ({"GITLAB_CI": "true"}, "gitlab"),
        ({"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true"}, None),
        ({"GITHUB_ACTIONS": "true", "FORGEJO_ACTIONS": "true"}, None),
        ({"GITHUB_ACTIONS": "false"}, None),
        ({"GITHUB_ACTIONS": ""}, None),
        ({"JENKINS_URL": "https://jenkins.example", "CI": "true"}, None),
        ({"GITHUB_TOKEN": "x", "GITHUB_API_URL": "https://api.github.com"}, None),
        ({}, None),
    ],
)
def test_a_runner_is_told_by_what_it_sets(environ: dict[str, str], forge: str | None) -> None:
    assert forge_here(environ) == forge


def test_where_no_runner_is_there_is_no_pipeline() -> None:
    assert pipeline_here({"CI": "true"}) is None


def test_asking_which_runner_this_is_loads_nothing_of_the_network() -> None:
    """A start without a forge costs nothing."""
    look = "print([name for name in sys.modules if 'httpx' in name or 'github' in name])"
    code = f"import sys, asstctl.forges as forges; forges.forge_here({{}}); {look}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", list(FORGES))
def test_every_part_of_a_forge_is_there(name: str) -> None:
    entry = FORGES[name]
    for place in (entry.pipeline, entry.opener, entry.outputs, entry.summary, entry.annotations):
        module, _, part = place.partition(":")
        assert callable(getattr(__import__(module, fromlist=[part]), part))


# GitHub


def test_a_run_of_a_pull_request_says_which(on_github: Scene) -> None:
    run = on_github.pull.run()
    found = read(run.environ(on_github.folder))

    assert (found.forge, found.event, found.repository, found.branch) == ("github", Event.PULL_REQUEST, "octo/shop", "")
    assert (found.run, found.run_url) == (str(run.id), f"https://github.example/octo/shop/actions/runs/{run.id}")
    assert found.commit == on_github.git.sha("refs/pull/1/merge")
    assert found.pull_request is not None
    assert (found.pull_request.number, found.pull_request.head) == (1, on_github.pull.head)
    assert (found.pull_request.base, found.pull_request.base_branch) == (on_github.pull.base, "main")
    assert (found.pull_request.fork, found.forbidden) == (False, "")


def test_a_run_for_a_fork_is_told_by_the_event(on_github: Scene) -> None:
    found = read(on_github.repository.pull("change", fork=True).run().environ(on_github.folder))

    assert found.pull_request is not None
    assert found.pull_request.fork


@pytest.mark.parametrize(
    "event, read_as, forbidden",
    [
        ("push", Event.PUSH, False),
        ("schedule", Event.SCHEDULE, False),
        ("workflow_dispatch", Event.MANUAL, False),
        ("merge_group", Event.OTHER, False),
        ("workflow_run", Event.OTHER, False),
        ("issue_comment", Event.OTHER, False),
        ("pull_request_target", Event.OTHER, True),
    ],
)
def test_an_event_is_read_as_what_it_is(on_github: Scene, event: str, read_as: Event, forbidden: bool) -> None:
    found = read(on_github.repository.run(event).environ(on_github.folder))

    assert (found.event, bool(found.forbidden), found.pull_request) == (read_as, forbidden, None)
    assert (found.branch, found.commit) == ("main", on_github.git.sha("main"))


@pytest.mark.parametrize(
    "event, about, forbidden",
    [
        ("issue_comment", {"issue": {"number": 1, "pull_request": {"url": "x"}}}, True),
        ("issue_comment", {"issue": {"number": 1}}, False),
        ("workflow_run", {"workflow_run": {"event": "pull_request"}}, True),
        ("workflow_run", {"workflow_run": {"event": "pull_request_target"}}, True),
        ("workflow_run", {"workflow_run": {"event": "push"}}, False),
    ],
)
def test_what_has_secrets_for_a_pull_request_is_forbidden(
    on_github: Scene, event: str, about: dict[str, Any], forbidden: bool
) -> None:
    environ = on_github.repository.run(event).environ(on_github.folder)
    Path(environ["GITHUB_EVENT_PATH"]).write_text(json.dumps(about), "utf-8")

    assert bool(read(environ).forbidden) is forbidden


@pytest.mark.parametrize("event", ["pull_request_review", "pull_request_review_comment"])
def test_a_run_of_a_review_is_one_of_its_pull_request(on_github: Scene, event: str) -> None:
    found = read(on_github.pull.run(event).environ(on_github.folder))

    assert (found.event, found.pull_request is not None, found.forbidden) == (Event.OTHER, True, "")


def test_a_tag_is_no_branch(on_github: Scene) -> None:
    environ = on_github.repository.run("push").environ(on_github.folder)

    assert read({**environ, "GITHUB_REF": "refs/tags/v1"}).branch == ""


@pytest.mark.parametrize(
    "name, value",
    [
        ("GITHUB_REPOSITORY", ""),
        ("GITHUB_REPOSITORY", "shop"),
        ("GITHUB_REPOSITORY", "octo/shop/../other"),
        ("GITHUB_REPOSITORY", "octo/shop?x"),
        ("GITHUB_RUN_ID", "1/../2"),
        ("GITHUB_SHA", "main"),
        ("GITHUB_SHA", "a" * 39),
        ("GITHUB_EVENT_NAME", ""),
        ("GITHUB_EVENT_PATH", ""),
    ],
)
def test_a_variable_that_is_not_the_runners_is_refused(on_github: Scene, name: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        read({**on_github.environ(), name: value})

    assert name in caught.value.summary
    assert caught.value.hint


def changed(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(event: dict[str, Any]) -> None:
        for name in path[:-1]:
            event = event[name]
        event[path[-1]] = value

    return change


@pytest.mark.parametrize(
    "path, value",
    [
        (("pull_request",), None),
        (("pull_request",), []),
        (("pull_request", "number"), "1"),
        (("pull_request", "number"), True),
        (("pull_request", "number"), 0),
        (("pull_request", "head"), None),
        (("pull_request", "head", "sha"), "main"),
        (("pull_request", "head", "sha"), "A" * 40),
        (("pull_request", "base", "sha"), 1),
        (("pull_request", "base", "ref"), ""),
        (("pull_request", "base", "repo"), None),
    ],
)
def test_an_event_that_is_none_is_refused_with_its_member(on_github: Scene, path: tuple[str, ...], value: Any) -> None:
    environ = on_github.environ()
    place = Path(environ["GITHUB_EVENT_PATH"])
    event = json.loads(place.read_text("utf-8"))
    changed(*path, value=value)(event)
    place.write_text(json.dumps(event), "utf-8")

    with pytest.raises(Refused) as caught:
        read(environ)

    assert str(place) in caught.value.detail
    assert path[0] in caught.value.detail


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a": NaN}'])
def test_a_file_that_is_no_event_is_refused(on_github: Scene, content: bytes) -> None:
    environ = on_github.environ()
    Path(environ["GITHUB_EVENT_PATH"]).write_bytes(content)

    with pytest.raises(Refused, match="the event of this run cannot be read"):
        read(environ)


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_is_not_there_is_refused(on_github: Scene, name: str) -> None:
    with pytest.raises(Refused, match="the event of this run cannot be read"):
        read({**on_github.environ(), "GITHUB_EVENT_PATH": str(on_github.folder / name)})


# GitLab


def test_a_pipeline_of_a_merge_request_says_which(on_gitlab: Scene) -> None:
    found = read(on_gitlab.environ())

    assert (found.forge, found.event, found.repository) == ("gitlab", Event.PULL_REQUEST, "octo/shop")
    assert (found.commit, found.branch) == (on_gitlab.pull.head, "")
    assert found.pull_request is not None
    assert (found.pull_request.number, found.pull_request.head) == (1, on_gitlab.pull.head)
    assert (found.pull_request.base_branch, found.pull_request.fork) == ("main", False)


def test_a_pipeline_of_a_merged_result_is_of_the_commits_that_it_merges(on_gitlab: Scene) -> None:
    head, base = on_gitlab.pull.head, on_gitlab.pull.base
    about = {
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": base,
        "CI_COMMIT_SHA": "a" * 40,
    }

    found = read({**on_gitlab.environ(), **about})

    assert found.commit == "a" * 40
    assert found.pull_request is not None
    assert (found.pull_request.head, found.pull_request.base) == (head, base)


def test_a_pipeline_in_a_fork_is_of_the_project_that_it_is_proposed_to(on_gitlab: Scene) -> None:
    """Its own project is the fork, and so is the source."""
    found = read(on_gitlab.repository.pull("change", fork=True).environ())

    assert found.repository == "octo/shop"
    assert found.pull_request is not None
    assert found.pull_request.fork


@pytest.mark.parametrize(
    "source, event",
    [
        ("push", Event.PUSH),
        ("schedule", Event.SCHEDULE),
        ("web", Event.MANUAL),
        ("trigger", Event.OTHER),
        ("external_pull_request_event", Event.OTHER),
    ],
)
def test_a_source_is_read_as_what_it_is(on_gitlab: Scene, source: str, event: Event) -> None:
    found = read(on_gitlab.repository.environ(source))

    assert (found.event, found.branch, found.pull_request) == (event, "main", None)


@pytest.mark.parametrize(
    "name, value",
    [
        ("CI_PIPELINE_SOURCE", ""),
        ("CI_COMMIT_SHA", "main"),
        ("CI_PIPELINE_ID", "x"),
        ("CI_MERGE_REQUEST_IID", "0"),
        ("CI_MERGE_REQUEST_PROJECT_ID", ""),
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", ""),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", ""),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "main"),
    ],
)
def test_a_predefined_variable_that_is_none_is_refused(on_gitlab: Scene, name: str, value: str) -> None:
    with pytest.raises(Refused) as caught:
        read({**on_gitlab.environ(), name: value})

    assert name in caught.value.summary
