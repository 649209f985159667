"""What our workflows, our action and the examples promise of themselves, read off their files; and that what other CI
systems are told to run does run.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from asstctl.cli import COMMANDS
from tests.ci.conftest import EXAMPLE, KEYS, TUTOR, Shop
from tests.ci.runner import ACTION, OURS
from tests.repository.consoles import ROOT

WORKFLOWS = sorted(EXAMPLE.glob("workflows/*.yml"))
EVERY_FILE = sorted([*WORKFLOWS, *ROOT.glob(".github/workflows/*.yml"), *ROOT.glob(".github/actions/**/action.yml")])
ELSEWHERE = sorted((EXAMPLE / "elsewhere").iterdir())
_PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def steps(path: Path) -> list[dict[str, Any]]:
    """The steps of all jobs, or of an action."""
    content = read(path)
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    return [step for job in jobs for step in job["steps"]]


def events(path: Path) -> set[str]:
    """What sets a workflow going; YAML reads `on` as a truth."""
    return set(read(path)[True])


@pytest.mark.parametrize("path", EVERY_FILE, ids=ids)
def test_no_script_is_put_together_out_of_what_others_say(path: Path) -> None:
    """An expression within `run:` would become a part of its text."""
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [one for one in EVERY_FILE if one.parent.name == "workflows"], ids=ids)
def test_nothing_runs_with_the_rights_of_the_base_branch(path: Path) -> None:
    """`pull_request_target` is nowhere, and neither is what has as much."""
    assert events(path).isdisjoint({"pull_request_target", "workflow_run", "issue_comment"})


@pytest.mark.parametrize("path", EVERY_FILE, ids=ids)
def test_actions_of_others_are_pinned_by_their_commit(path: Path) -> None:
    """With the version beside it; ours is to be put in by whoever takes the example."""
    used = [line.strip().removeprefix("- ") for line in path.read_text("utf-8").splitlines() if "uses: " in line]
    assert [one for one in used if one != f"uses: {OURS}" and not _PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=ids)
def test_a_job_has_the_permissions_that_it_needs_and_no_more(path: Path) -> None:
    """None for all, and each that a job has is one that some command uses; a job ends, and one of a kind runs."""
    content = read(path)
    assert content["permissions"] == {}
    assert content["concurrency"]["group"]
    for name, job in content["jobs"].items():
        assert job["timeout-minutes"], name
        assert job["permissions"]["contents"] == "read", name
        assert job["permissions"].items() <= {"contents": "read", "actions": "read", "pull-requests": "write"}.items()


@pytest.mark.parametrize("path", WORKFLOWS, ids=ids)
def test_a_secret_is_given_to_our_action_alone_and_one_to_a_job(path: Path) -> None:
    """No job has the key of another, and no other step has any."""
    for name, job in read(path)["jobs"].items():
        named = {secret for step in job["steps"] for secret in re.findall(r"secrets\.(\w+)", str(step))}
        assert len(named) <= 1, name
        assert "secrets." not in str({**job, "steps": [one for one in job["steps"] if one["uses"] == OURS]}.get("env"))
        assert all(step["uses"] == OURS for step in job["steps"] if "secrets." in str(step))


def test_what_writes_or_costs_stands_behind_an_environment() -> None:
    """And no job that a pull request starts has the key that writes."""
    jobs = {name: job for path in WORKFLOWS for name, job in read(path)["jobs"].items()}
    keys = {name: set(re.findall(r"secrets\.(\w+)", str(job))) for name, job in jobs.items()}
    assert keys == {
        "plan": {"PROD_READ_KEY"},
        "offline": set(),
        "candidates": {"CANDIDATES_KEY"},
        "apply": {"PROD_KEY"},
        "drift": {"PROD_READ_KEY"},
    }
    assert {name for name, job in jobs.items() if "environment" in job} == {"candidates", "apply"}


def test_the_action_imports_nothing_out_of_the_checkout() -> None:
    """`python -m` looks in the folder that it is started in first, and a pull request may have brought a `venv.py`."""
    typed = [step["run"] for step in steps(ACTION / "action.yml") if "run" in step]
    calls = re.findall(r"python3?\"?((?: -\w)*) (?:-m )?", "\n".join(typed))
    assert [one.split() for one in calls if "-m" in one.split() and "-I" not in one.split()] == []
    assert len([one for one in calls if "-I" in one]) == 2


def test_the_command_is_the_process_that_a_cancelled_job_tells(tmp_path: Path) -> None:
    """A shell in between would not pass on that it is to stop, and the journal of an apply would be lost."""
    (step,) = [one for one in steps(ACTION / "action.yml") if one.get("id") == "run"]
    command = tmp_path / "asstctl/bin/asstctl"
    command.parent.mkdir(parents=True)
    command.write_text('#!/bin/sh\necho "$$ $*"\n')
    command.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "COMMAND": "plan", "MORE": "--a b\n\n-c"}

    shell = subprocess.Popen(["bash", "-eo", "pipefail", "-c", step["run"]], env=environ, stdout=subprocess.PIPE)

    assert shell.communicate()[0].decode() == f"{shell.pid} ci plan --a b -c\n"


def test_the_action_gives_every_input_to_the_command() -> None:
    """Through the environment, as the option of the same name."""
    (step,) = [one for one in steps(ACTION / "action.yml") if one.get("id") == "run"]
    assert {name for text in step["env"].values() for name in re.findall(r"inputs\.([\w-]+)", text)} == set(
        read(ACTION / "action.yml")["inputs"]
    )


def test_the_page_of_the_action_names_every_input_and_output() -> None:
    """As action.yml describes them."""
    action, page = read(ACTION / "action.yml"), (ACTION / "README.md").read_text("utf-8")
    for name in (*action["inputs"], *action["outputs"]):
        assert f"| `{name}` |" in page, name


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: path.name)
def test_what_another_system_runs_is_there_and_runs(path: Path, shop: Shop) -> None:
    """A plan; and an apply, with its digest in the environment: in that order, as after a merge."""
    lines: list[str] = re.findall(r"(asstctl ci [^'\n\]]+?)(?: #.*)?['\n\]]", path.read_text("utf-8"))
    assert [" ".join(shlex.split(line)[:3]) for line in lines] == ["asstctl ci plan", "asstctl ci apply"]
    assert all(" ".join(shlex.split(line)[1:3]) in COMMANDS for line in lines)
    assert len(path.read_text("utf-8").splitlines()) <= 10

    environ = {"ASSTCTL_ALLOW_ENV": "PROD_KEY", "ASSTCTL_ALLOW_HOSTS": "", "CI": "true", "PROD_KEY": KEYS["PROD_KEY"]}
    shop.by_hand(*shlex.split(lines[0])[1:], **environ)
    record = (shop.git.path / "ci/record.json").read_text("utf-8")
    digest = re.findall(r'"digest": "(sha256:\w+)"', record)[0]
    shop.by_hand(*shlex.split(lines[1])[1:], **environ, ASSTCTL_EXPECT=digest)

    assert shop.tutor["instructions"] in TUTOR
    assert "No changes." in shop.by_hand(*shlex.split(lines[0])[1:], **environ)


def test_a_candidate_is_talked_to_in_an_account_of_its_own(shop: Shop) -> None:
    """The job beside the plan: its copy is gone afterwards, and prod was not asked."""
    pull = shop.proposed({"assistants/tutor.yaml": TUTOR.replace("patient", "kind")})

    run = pull.run(workflow=".github/workflows/conversations.yml")
    tried = shop.runner.perform(run, "candidates", secrets=KEYS)

    assert tried.ok, tried.log
    assert "1 passed" in tried.log
    assert shop.call("GET", "/assistants")["data"] == []
    assert "POST /v1/assistants" in shop.writes()
    assert pull.comments[0]["body"].startswith("<!-- asstctl:test:candidates -->\n")
    assert tried.outputs["artifact"] == "asstctl-candidates.test"
