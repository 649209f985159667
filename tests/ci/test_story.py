"""The story of a pull request, from its first plan to the patch that a dashboard edit becomes.

The workflows are those of examples/18-pull-requests, the action is ours, the repository a real one, the servers stand
on this machine.
"""

import re

from tests.ci.conftest import KEYS, KIND, TUTOR, Shop

KINDER = TUTOR.replace("a patient tutor", "a kind and patient tutor")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def test_a_change_goes_from_a_branch_to_prod_and_a_dashboard_edit_comes_back(shop: Shop) -> None:
    """Planned, approved, changed, approved again, merged, applied, drifted, pulled."""
    shop.deployed()
    assert shop.tutor["instructions"] == "You are a patient tutor."

    # a branch changes an instruction, and its plan appears
    pull = shop.proposed({"assistants/tutor.yaml": KIND})
    first = shop.planned(pull)
    assert first.ok, first.log
    assert {name: first.outputs[name] for name in ("changes", "drift", "to-create", "to-update", "to-delete")} == {
        "changes": "true",
        "drift": "false",
        "to-create": "0",
        "to-update": "1",
        "to-delete": "0",
    }
    (comment,) = pull.comments
    assert comment["body"].startswith("<!-- asstctl:plan:prod -->\n")
    assert first.outputs["plan-digest"] in comment["body"]
    assert "1 to update" in comment["body"]
    assert "1 to update" in first.summary
    assert "::notice file=assistants/tutor.yaml,line=1" in first.log

    # it is approved; the next push edits the comment in place and says that the approval is outdated
    pull.review("ada")
    shop.pushed({"assistants/tutor.yaml": KINDER})
    second = shop.planned(pull)
    assert second.ok, second.log
    (edited,) = pull.comments
    assert edited["id"] == comment["id"]
    seen = edited["body"].splitlines()[1]
    assert "outdated" in seen
    assert DIGEST.findall(seen) == [first.outputs["plan-digest"], second.outputs["plan-digest"]]

    # it is approved again: the same plan of the same commit, and nothing is outdated
    pull.review("ada")
    again = shop.planned(pull)
    assert again.outputs["plan-digest"] == second.outputs["plan-digest"]
    assert "outdated" not in pull.comments[0]["body"]

    # the merge applies what was approved, in one write
    before = len(shop.writes())
    pull.merge("squash")
    merged = shop.applied()
    assert merged.ok, merged.log
    assert shop.writes()[before:] == [f"POST /v1/assistants/{shop.tutor['id']}"]
    assert shop.tutor["instructions"] == "You are a kind and patient tutor."
    assert merged.outputs["plan-digest"] == second.outputs["plan-digest"]
    assert shop.tutor["id"] in merged.outputs["ids"]
    (status,) = pull.comments
    assert "Applied 1 to prod" in status["body"].splitlines()[3]
    assert b"journal.jsonl" in shop.kept("asstctl-prod.apply").content

    # a second plan finds nothing, and a second run of the merge writes nothing
    before = len(shop.writes())
    assert shop.applied().ok
    assert len(shop.writes()) == before
    assert shop.checked().ok

    # a dashboard edit makes the nightly check fail, with a report that says what and what to do
    shop.call("POST", f"/assistants/{shop.tutor['id']}", {"temperature": 0.9})
    night = shop.checked()
    assert not night.ok
    assert (night.outputs["drift"], night.outputs["failure-reason"]) == ("true", "drift")
    assert "temperature:  live 0.9, last applied 0.2, manifest 0.2" in night.log
    assert "0.9" in night.summary
    for text in (night.log, night.summary):
        assert "asstctl pull assistant.tutor" in text
        assert "asstctl apply --overwrite-drift assistant.tutor" in text
    assert "::warning file=assistants/tutor.yaml,line=6" in night.log

    # `pull` makes a patch of it: one line, whose comment stays
    shop.by_hand("pull", "--yes")
    changed = [line for line in shop.git.git("diff", "-U0").splitlines() if line[:1] in "+-" and line[1:2] not in "+-"]
    assert changed == ["-temperature: 0.2 # quiet, on purpose", "+temperature: 0.9 # quiet, on purpose"]
    shop.git.git("add", "assistants")
    shop.git.git("commit", "-q", "-m", "Take over what was changed on prod")
    assert shop.checked().ok
    assert shop.applied().outputs["changes"] == "false"

    # no key is in anything that was said, shown, left or posted
    said = [first, second, again, merged, night]
    texts = [*(one.log + one.summary + str(one.outputs) for one in said), *(one["body"] for one in pull.comments)]
    everything = "".join(texts).encode() + b"".join(one.content for one in shop.repository.artifacts)
    assert not [name for name, key in KEYS.items() if key.encode() in everything]
