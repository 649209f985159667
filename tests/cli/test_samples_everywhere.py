"""One set of manifests on every wire: the sample project on `local`, an Assistants server and an Agents server."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Project
from tests.contract.conftest import serving

REPOSITORY = Path(__file__).parents[2]
REPLIES = REPOSITORY / "assistants/demo.replies.yaml"

TARGETS = """
targets:
  local:
    provider: local
    replies: {{script: assistants/demo.replies.yaml}}
  served:
    provider: assistants
    base_url: {served}
  agents:
    provider: openai
    base_url: {agents}
    on_unsupported: {{function.strict: drop, assistant.tools.code_interpreter: session}}
    list_lag: 0
"""


@pytest.fixture
def samples(empty: Project, tmp_path: Path) -> Iterator[Project]:
    """The sample project, with two servers beside the embedded one."""
    shutil.copytree(REPOSITORY / "assistants", empty.root / "assistants")
    replies = ("--replies", str(REPLIES))
    with (
        serving(tmp_path / "served.db", *replies) as served,
        serving(tmp_path / "agents.db", *replies, "--api", "agents") as agents,
    ):
        head, _, rest = (REPOSITORY / "asstctl.yaml").read_text("utf-8").partition("\ntargets:\n")
        tests = rest[rest.index("\ntest:") :]
        (empty.root / "asstctl.yaml").write_text(head + TARGETS.format(served=served, agents=agents) + tests, "utf-8")
        yield empty


@pytest.mark.parametrize("target", ["local", "served", "agents"])
def test_the_samples_deploy_with_an_empty_second_plan(samples: Project, target: str) -> None:
    assert "Plan: 2 to create." in samples.done("plan", "--target", target)
    assert f"Applied 2 to {target}" in samples.done("apply", "--yes", "--target", target)
    assert "No changes." in samples.done("plan", "--target", target)


def test_on_agents_each_conversation_passes_or_is_skipped_for_one_named_capability(samples: Project) -> None:
    samples.done("apply", "--yes", "--target", "agents")

    told = json.loads(samples.done("test", "--target", "agents", "--format", "json"))

    found = {case["id"]: (case["status"], case.get("skipped") or "") for case in told["cases"]}
    skipped = {id: reason for id, (status, reason) in found.items() if status == "skipped"}
    assert {status for status, _ in found.values()} == {"passed", "skipped"}
    assert list(skipped) == ["introduces-himself"]
    assert skipped["introduces-himself"].endswith("(seed-assistant-message)")


def test_on_agents_a_loss_that_nobody_accepted_is_an_error_at_its_line(samples: Project) -> None:
    file = samples.root / "asstctl.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace(", assistant.tools.code_interpreter: session", ""), "utf-8")

    result = samples.run("plan", "--target", "agents")

    assert result.code == 1
    assert "assistants/math-tutor.yaml:6:" in result.err
    assert "`assistant.tools.code_interpreter: session`" in result.err
