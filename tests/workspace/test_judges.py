"""The judges of a project are opened for a run only where their keys may go there."""

from pathlib import Path

import pytest

from asstctl.conversation.tapes.replay import Replay
from asstctl.conversation.tapes.text import Tape
from asstctl.core.errors import Refused, TapeMissing
from asstctl.workspace.conversations.judges import able_judges, open_judges
from asstctl.workspace.workspace import Workspace
from tests.tapes.parts import HEADER

pytestmark = pytest.mark.anyio

PROJECT = """
version: 1
test:
  judges:
    default: {base_url: 'https://judge.example/v1', api_key: {env: JUDGE_KEY}, model: m, embedding_model: e}
    near: {base_url: 'http://127.0.0.1:9/v1', embedding_model: e}
"""


def workspace(root: Path, **environ: str) -> Workspace:
    (root / "asstctl.yaml").write_text(PROJECT, encoding="utf-8")
    return Workspace(root, environ=environ)


def test_a_judge_can_do_what_it_has_models_for(tmp_path: Path) -> None:
    able = able_judges(workspace(tmp_path).project)

    assert able == {"default": {"model", "embedding_model"}, "near": {"embedding_model"}}


async def test_only_judges_that_are_named_are_opened(tmp_path: Path) -> None:
    """So that an unset key matters to nobody else."""
    async with open_judges(workspace(tmp_path), {"near"}) as judges:
        assert judges.of().keys() == {"near"}


@pytest.mark.parametrize(
    "environ, words, hint",
    [
        ({}, "JUDGE_KEY is not set: judge default takes its key from this", "export JUDGE_KEY=..."),
        ({"JUDGE_KEY": "k", "ASSTCTL_ALLOW_ENV": "OTHER"}, "JUDGE_KEY counts as not set", "ASSTCTL_ALLOW_ENV"),
        ({"JUDGE_KEY": "k", "CI": "true"}, "no key goes to judge.example from here", "ASSTCTL_ALLOW_HOSTS"),
        ({"JUDGE_KEY": "k", "ASSTCTL_ALLOW_HOSTS": "other.example"}, "no key goes to judge.example", "judge.example"),
    ],
)
def test_a_judge_whose_key_is_missing_or_must_not_go_there_is_refused(
    tmp_path: Path, environ: dict[str, str], words: str, hint: str
) -> None:
    with pytest.raises(Refused) as caught:
        open_judges(workspace(tmp_path, **environ), {"default"})

    assert words in str(caught.value)
    assert hint in caught.value.hint


async def test_a_judge_whose_key_may_go_there_is_opened(tmp_path: Path) -> None:
    allowed = workspace(tmp_path, JUDGE_KEY="k", CI="true", ASSTCTL_ALLOW_HOSTS="judge.example")

    async with open_judges(allowed, {"default", "near"}) as judges:
        assert judges.of().keys() == {"default", "near"}


async def test_a_judge_that_is_only_replayed_needs_no_key_and_sends_nothing(tmp_path: Path) -> None:
    async with open_judges(workspace(tmp_path, CI="true"), {"default"}, asked=()) as judges:
        replay = Replay(Tape(HEADER, ()), again="")
        with pytest.raises(TapeMissing):
            await judges.of(replay)["default"].embed(["a"])


async def test_a_judge_that_has_to_be_asked_after_all_needs_its_key_then(tmp_path: Path) -> None:
    async with open_judges(workspace(tmp_path), {"default", "near"}, asked=()) as judges:
        assert judges.of(None, ["near"]).keys() == {"near"}
        with pytest.raises(Refused, match="JUDGE_KEY is not set"):
            judges.of()
