"""What a target cannot hold is said in every plan, grouped, and kept beside the changes."""

from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities, Way
from asstctl.core.loss import Loss
from asstctl.core.plan import TargetInfo
from asstctl.core.resource import Desired
from asstctl.engine.planning.approval import approved_of, digest
from asstctl.engine.planning.losses import losses_said
from asstctl.engine.planning.plan import decide
from asstctl.engine.planning.policy import CAUTIOUS, Policy

A, B, C = (Address("assistant", key) for key in "abc")
WARM = Loss("assistant.temperature", Way.DROP, "no temperature")
TOP = Loss("assistant.top_p", Way.DROP, "no top_p")
STRICT = Loss("function.strict", Way.DROP, "no strict functions")
CODE = Loss("assistant.tools.code_interpreter", Way.SESSION, "no code interpreter")
SEARCH = Loss("assistant.tools.file_search", Way.FUNCTION, "no file search", "find")
TARGET = TargetInfo("prod", "openai", "agents-v1", "api.openai.com", "p")
AGENTS = Capabilities("agents-v1", {"assistant": {}}, api="Agents API")


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([], []),
        ([(A, WARM)], ["On prod (Agents API) without: temperature of assistant.a."]),
        (
            [(A, STRICT), (B, WARM), (C, STRICT)],
            ["On prod (Agents API) without: temperature of assistant.b; function.strict of 2 assistants."],
        ),
        (
            [(A, WARM), (A, STRICT), (B, TOP)],
            ["On prod (Agents API) without: temperature, function.strict of assistant.a; top_p of assistant.b."],
        ),
        (
            [(A, WARM), (A, TOP), (B, WARM), (B, TOP)],
            ["On prod (Agents API) without: temperature, top_p of 2 assistants."],
        ),
        (
            [(A, WARM), (B, WARM), (A, TOP), (C, TOP)],
            ["On prod (Agents API) without: temperature of 2 assistants; top_p of 2 assistants."],
        ),
        ([(A, CODE)], ["Conversations open a hosted environment for assistant.a (code_interpreter)."]),
        ([(A, CODE), (B, CODE)], ["Conversations open a hosted environment for 2 assistants (code_interpreter)."]),
        ([(A, SEARCH)], ["Function find stands for file_search of assistant.a."]),
        (
            [(A, SEARCH), (A, CODE), (A, WARM)],
            [
                "On prod (Agents API) without: temperature of assistant.a.",
                "Conversations open a hosted environment for assistant.a (code_interpreter).",
                "Function find stands for file_search of assistant.a.",
            ],
        ),
    ],
)
def test_losses_are_grouped_by_what_is_lost(losses: Any, said: list[str]) -> None:
    assert list(losses_said(losses, "prod", "Agents API")) == said


@pytest.mark.parametrize(
    ("policy", "lost"), [(CAUTIOUS, [(A, WARM), (B, STRICT)]), (Policy(only=frozenset({B})), [(B, STRICT)])]
)
def test_a_plan_says_the_losses_of_what_it_covers(policy: Policy, lost: list[tuple[Address, Loss]]) -> None:
    desired = [Desired(A, {"model": "m"}, losses=(WARM,)), Desired(B, {"model": "m"}, losses=(STRICT,))]
    plan = decide(desired, (), target=TARGET, capabilities=AGENTS, policy=policy).plan

    assert list(plan.losses) == lost
    assert list(plan.notes) == list(losses_said(lost, "prod", "Agents API"))


def test_what_is_lost_is_approved_by_what_is_left() -> None:
    """The digest is of the fields, and those are without it."""
    bare = decide([Desired(A, {"model": "m"})], (), target=TARGET, capabilities=AGENTS).plan
    less = decide([Desired(A, {"model": "m"}, losses=(CODE,))], (), target=TARGET, capabilities=AGENTS).plan

    assert digest(approved_of(bare)) == digest(approved_of(less))
