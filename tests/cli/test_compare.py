"""`asstctl test --compare`: conversations held against what they were, and against the same on another target."""

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest

from tests.cli.conftest import Project
from tests.cli.test_judges import KEY, by_keyword, judge
from tests.contract.conftest import serving

FILE = "assistants/shop.convo.yaml"
SHOP = """
kind: assistant
key: shop
model: gpt-4o
instructions: You help customers.
tools:
  - type: function
    function:
      name: get_order
      parameters: {type: object, properties: {order_id: {type: string}, full: {type: boolean}}}
  - type: function
    function:
      name: cancel
      parameters: {type: object, properties: {order_id: {type: string}}}
"""
TALKS = """
assistant: shop
stubs: {get_order: {return: {status: delivered}}, cancel: {return: done}}
conversations:
  - id: order
    turns:
      - {user: Where is order A-17?, calls: [{get_order: {order_id: A-17}}], was: Your order has been delivered.}
      - {user: Thank you, was: You are welcome!}
  - id: greets
    turns:
      - {user: Hello}
"""
ASKS = "{user: 'order', call: {get_order: {order_id: A-17}}}"
ANSWERS = "{tool: get_order, say: Your order has been delivered.}"
SAYS = [
    ASKS,
    ANSWERS,
    "{tool: cancel, say: Your order has been delivered.}",
    "{user: Thank, say: You are welcome!}",
    "{say: Hi}",
]


def rules(*lines: str) -> str:
    return "rules:\n" + "".join(f"  - {one}\n" for one in lines)


@pytest.fixture
def shop(project: Project) -> Project:
    """A project on two local targets whose scripts say the same."""
    project.write(
        "asstctl.yaml",
        """
        version: 1
        project: school
        targets:
          local: {provider: local, replies: {script: one.replies.yaml}}
          other: {provider: local, replies: {script: other.replies.yaml}}
        """,
    )
    project.write("assistants/shop.yaml", SHOP)
    project.write(FILE, TALKS)
    project.write("one.replies.yaml", rules(*SAYS))
    project.write("other.replies.yaml", rules(*SAYS))
    return project


def compared(project: Project, *arguments: str) -> tuple[int, Any]:
    result = project.run("test", "--format", "json", *arguments)
    return result.code, json.loads(result.out)


def turns(document: Any, place: int = 0) -> Any:
    return document["cases"][place]["comparison"]["turns"]


def test_nothing_differs_is_said_of_what_was_compared(shop: Project) -> None:
    out = shop.done("test", "--compare", "other", "--repeat", "3")

    assert "no difference found in 2 of 2 conversations x 3 (calls 6/6, arguments 6/6)\n" in out
    assert "compared with other, replies scripted (other.replies.yaml)" in " ".join(out.split())
    assert "all replies have the same words" in " ".join(out.split())
    assert "unchanged" not in out


@pytest.mark.parametrize(
    ("script", "sentence", "shown"),
    [
        (
            [ASKS.replace("get_order", "cancel"), *SAYS[1:]],
            "no difference found in 1 of 2 conversations (calls 1/2, arguments 2/2)",
            "turn 1   calls  [-cancel-] {+get_order+}",
        ),
        (
            [ASKS.replace("A-17}", "A-18, full: true}"), *SAYS[1:]],
            "no difference found in 1 of 2 conversations (calls 2/2, arguments 1/2)",
            'turn 1   order_id of get_order  [-"A-18"-]{+"A-17"+}',
        ),
        (
            [*SAYS[:3], "{user: Thank, say: Good bye then.}", SAYS[4]],
            "no difference found in 1 of 2 conversations (calls 2/2, arguments 2/2)",
            "turn 2   reply 1.00 apart\n      | [-Good bye then.-]{+You are welcome!+}",
        ),
        (
            [ASKS, "{tool: get_order, say: Your order was delivered.}", *SAYS[2:]],
            "no difference found in 2 of 2 conversations (calls 2/2, arguments 2/2)",
            "shop/order   no difference found; reply 0.33 apart",
        ),
    ],
)
def test_what_differs_between_targets_is_shown_turn_by_turn(
    shop: Project, script: list[str], sentence: str, shown: str
) -> None:
    file = shop.write(FILE, TALKS.replace("calls: [{get_order: {order_id: A-17}}], ", ""))
    shop.write("other.replies.yaml", rules(*script))

    result = shop.run("test", "--compare", "other")

    assert result.code == 0, (file, result)
    assert f"\n{sentence}\n" in result.out
    assert shown in result.out


def test_differences_fail_only_where_that_is_asked_for(shop: Project) -> None:
    shop.write("other.replies.yaml", rules(*SAYS[:3], "{say: Good bye then.}"))

    assert shop.run("test", "--compare", "other").code == 0
    failed = shop.run("test", "--compare", "other", "--fail-on-difference")

    assert failed.code == 1
    assert "differences are failures here (--fail-on-difference)" in " ".join(failed.out.split())
    assert shop.run("test", "--compare", "other", "--fail-on-difference", "--compare-distance", "1").code == 0


def test_a_verdict_that_is_another_elsewhere_is_a_difference(shop: Project) -> None:
    shop.write(FILE, "assistant: shop\nturns: [{user: Well, expect: {contains: five}}]\n")
    shop.write("one.replies.yaml", rules("{say: It takes about five days}"))
    shop.write("other.replies.yaml", rules("{say: It takes about six days}"))

    code, document = compared(shop, "--compare", "other", "--fail-on-difference")

    assert (code, document["counts"]["passed"]) == (1, 1)
    held = document["cases"][0]["comparison"]
    assert (held["other"], held["verdicts_agree"], held["turns"][0]["far"]) == ("failed", False, False)
    assert "failed on other, passed on local" in shop.run("test", "--compare", "other").out


def test_the_other_target_has_no_part_in_the_verdict(shop: Project) -> None:
    shop.write(FILE, "assistant: shop\nturns: [{user: Well, expect: {contains: five}}, {user: Bye}]\n")
    shop.write("one.replies.yaml", rules("{say: six}"))
    shop.write("other.replies.yaml", rules("{say: five}"))

    result = shop.run("test", "--compare", "other")

    assert result.code == 1
    assert "turn 2   not reached on local" in result.out


def test_a_target_can_be_compared_with_itself(shop: Project) -> None:
    out = shop.done("test", "--compare", "local")

    assert "no difference found in 2 of 2 conversations" in out


def test_a_server_that_is_not_there_is_found_before_anything_is_played(shop: Project) -> None:
    shop.write(
        "asstctl.yaml",
        """
        version: 1
        project: school
        targets:
          local: {provider: local, replies: {script: one.replies.yaml}}
          gone: {provider: assistants, base_url: "http://127.0.0.1:9/v1"}
        """,
    )

    result = shop.run("test", "--compare", "gone")

    assert (result.code, result.out) == (3, "")
    assert "cannot reach 127.0.0.1:9" in result.err


def test_a_server_has_to_be_what_the_files_say_unless_what_is_deployed_is_meant(
    shop: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = tmp_path_factory.mktemp("server") / "server.db"
    with serving(database, "--replies", str(shop.root / "other.replies.yaml")) as url:
        far = f"  far: {{provider: assistants, base_url: '{url}'}}\n"
        shop.write("asstctl.yaml", (shop.root / "asstctl.yaml").read_text("utf-8") + far)
        refused = shop.run("test", "--compare", "far")
        shop.done("apply", "--yes", "--target", "far")
        same = shop.done("test", "--compare", "far")
        shop.write("assistants/shop.yaml", SHOP.replace("You help", "We help"))
        differing = shop.run("test", "--target", "far", "--compare", "local")
        shop.done("apply", "--yes")
        shop.write("assistants/shop.yaml", SHOP.replace("You help", "All help"))
        live = shop.done("test", "--target", "far", "--compare", "local", "--live")
        with httpx2.Client(trust_env=False) as client:
            left = client.get(f"{url}/assistants").json()["data"]

    assert refused.code == differing.code == 1
    assert "assistant.shop on far is not what your files say (it is not there)" in " ".join(refused.err.split())
    assert "--live" in differing.err
    # copies are compared with what is deployed on their own target
    assert "--candidate" not in refused.err + differing.err
    for out in (same, live):
        assert "no difference found in 2 of 2 conversations (calls 2/2, arguments 2/2)" in out
    assert len(left) == 2
    assert list((shop.root / ".asstctl/ledger").iterdir()) == []


def test_replies_that_the_file_remembers_are_compared(shop: Project) -> None:
    out = shop.done("test", "--compare", "was")

    assert "Not compared 1: it has no `was:` (shop/greets)\n" in out
    assert "no difference found in 1 of 1 conversation (calls 1/1, arguments 1/1)\n" in out
    assert "compared with what was said then (`was:`)" in " ".join(out.split())


@pytest.mark.parametrize(
    ("script", "counted", "found"),
    [
        (
            [ASKS.replace("get_order: {order_id: A-17}", "cancel: {}"), *SAYS[1:]],
            (0, 0, 0),
            {"missing": ["get_order"], "added": ["cancel"], "arguments": []},
        ),
        (
            [ASKS.replace("A-17", "B-1"), *SAYS[1:]],
            (0, 0, 0),
            {"arguments": [{"function": "get_order", "path": "order_id", "before": '"A-17"', "now": '"B-1"'}]},
        ),
        (
            [ASKS, "{tool: get_order, say: 'Your order has been delivered, dear customer, yesterday.'}", *SAYS[2:]],
            (1, 1, 1),
            {"missing": [], "added": [], "distance": 0.2308, "far": False},
        ),
        (
            [ASKS, "{tool: get_order, say: No idea.}", *SAYS[2:]],
            (0, 1, 1),
            {"before": "Your order has been delivered.", "distance": 1.0, "far": True},
        ),
    ],
)
def test_what_was_said_then_is_told_from_what_is_said_now(
    shop: Project, script: list[str], counted: tuple[int, int, int], found: dict[str, Any]
) -> None:
    shop.write("one.replies.yaml", rules(*script))

    _, document = compared(shop, "--compare", "was")

    totals = document["compared"]
    assert (totals["alike"], totals["calls"], totals["arguments"]) == counted
    assert found.items() <= turns(document)[0].items()


def test_nothing_to_compare_is_no_gate(shop: Project) -> None:
    assert shop.run("test", "--compare", "was", "-k", "greets").code == 0
    result = shop.run("test", "--compare", "was", "--fail-on-difference", "-k", "greets")

    assert result.code == 1
    assert "\nnothing was compared\n" in result.out


def test_tapes_are_compared_with_what_was_said_then(shop: Project) -> None:
    shop.done("test", "--record", "--repeat", "2")
    shop.write("one.replies.yaml", rules("{say: nobody asks}"))

    out = shop.done("test", "--replay", "--compare", "was", "--repeat", "2")

    assert "no difference found in 1 of 1 conversation x 2 (calls 2/2, arguments 2/2)\n" in out


def test_shards_are_joined_with_what_they_compared(shop: Project) -> None:
    shop.write("other.replies.yaml", rules(*SAYS[:3], "{say: Good bye then.}"))
    for number in (1, 2):
        shop.run("test", "--compare", "other", "--shard", f"{number}/2", "--jsonl", f"{number}.jsonl")
    whole = shop.run("test", "--compare", "other", "--jsonl", "all.jsonl").out

    joined = shop.run("test", "merge", "1.jsonl", "2.jsonl", "--junit", "all.xml", "--html", "all.html")

    [sentence] = [line for line in whole.splitlines() if line.startswith("no difference found")]
    assert f"\n{sentence}\n" in joined.out
    assert "in 0 of 2 conversations (calls 2/2" in sentence
    suite = ElementTree.parse(shop.root / "all.xml").getroot()
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert str(properties["compared"]).startswith(("replies", "reply 1.00 apart", "no difference"))
    assert sentence in (shop.root / "all.html").read_text("utf-8")
    # a run that was compared with something else is another run
    shop.done("test", "--compare", "was", "--jsonl", "was.jsonl")
    refused = shop.run("test", "merge", "all.jsonl", "was.jsonl")
    assert "the runs are of different comparisons" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--compare", "othr"), "--compare: there is no target 'othr'"),
        (("--compare", "other", "--replay"), "--compare other and --replay exclude each other"),
        (("--compare", "other", "--record"), "--compare other and --record exclude each other"),
        (("--compare", "other", "--offline"), "--compare other and --offline exclude each other"),
        (("--compare", "other", "--candidate"), "--compare other and --candidate exclude each other"),
        (("--compare", "was", "--list"), "--list and --compare exclude each other"),
        (("--compare-distance", "0"), "--compare-distance needs --compare"),
        (("--fail-on-difference",), "--fail-on-difference needs --compare"),
    ],
)
def test_wrong_usage_names_the_way_on(shop: Project, arguments: tuple[str, ...], said: str) -> None:
    result = shop.run("test", *arguments)

    assert (result.code, result.out) == (64, "")
    assert said in result.err
    assert len(result.err.splitlines()) > 1


@pytest.fixture
def measured(shop: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, Any]]]:
    """What a judge with embeddings is asked."""
    asked: list[tuple[str, Any]] = []
    monkeypatch.setenv("JUDGE_KEY", KEY)
    with judge(by_keyword, asked) as url:
        settings = (shop.root / "asstctl.yaml").read_text("utf-8")
        judged = f"{{base_url: '{url}', api_key: {{env: JUDGE_KEY}}, embedding_model: small}}"
        shop.write("asstctl.yaml", f"{settings}test: {{judges: {{near: {judged}}}}}\n")
        shop.write("one.replies.yaml", rules(*SAYS[:3], "{say: hello again}"))
        yield asked


def test_a_judge_with_embeddings_says_how_alike_replies_are(shop: Project, measured: list[tuple[str, Any]]) -> None:
    code, document = compared(shop, "--compare", "was")

    assert (code, len(measured), document["comparing"]["measured"]) == (0, 1, "near")
    assert measured[0][1]["input"] == ["You are welcome!", "hello again"]
    assert [one["likeness"] for one in turns(document)] == [None, 0.0]
    assert document["cases"][0]["judged"]["prompt_tokens"] == 1000
    assert "turn 2   reply 1.00 apart, cosine 0.00" in shop.run("test", "--compare", "was").out


def test_a_measure_is_on_tapes_like_everything_else(shop: Project, measured: list[tuple[str, Any]]) -> None:
    shop.done("test", "--record")
    lacking = shop.done("test", "--replay", "--compare", "was")
    shop.done("test", "--record", "--compare", "was")
    asked = len(measured)

    replayed = shop.done("test", "--replay", "--compare", "was")

    assert "No cosine of 1 playing: its tape was recorded without --compare" in lacking
    assert "reply 1.00 apart, cosine 0.00" in replayed
    assert len(measured) == asked
    shop.done("test", "--replay")


def test_a_judge_without_its_key_keeps_nobody_from_comparing(
    shop: Project, measured: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JUDGE_KEY")

    out = shop.done("test", "--compare", "other")

    assert "No cosine of 2 playings: JUDGE_KEY is not set" in out
    assert measured == []
