"""`asstctl schema` and `asstctl schema function` on the command line, and files that name their schema."""

import json
from pathlib import Path

import pytest

from asstctl.documents.editor import edited
from tests.cli.conftest import TUTOR, Project

SOURCE = '''
def get_order(order_id: str, verbose: bool = False) -> dict:
    """Look up one order.

    Args:
        order_id: As printed on the invoice.
    """
    raise SystemExit("nothing of this is run")
'''
OUT = "assistants/functions/get_order.yaml"
MAKE = ("schema", "function", "tools/orders.py:get_order")


@pytest.fixture
def shop(project: Project) -> Project:
    """A project with a Python function."""
    project.write("tools/orders.py", SOURCE)
    return project


def test_a_schema_is_printed(empty: Project) -> None:
    """Where there is no project too."""
    assert json.loads(empty.done("schema", "manifest"))["$id"] == "urn:asstctl:schema:manifest"


def test_schemas_are_written_and_compared(empty: Project) -> None:
    """Files of this version are up to date; of one that is not, the command that mends it is named."""
    empty.done("schema", "--out", ".schemas")
    assert len([*(empty.root / ".schemas").glob("*.json")]) == 5
    empty.done("schema", "--out", ".schemas", "--check")
    (empty.root / ".schemas" / "stubs.json").write_text("{}", "utf-8")
    result = empty.run("schema", "--out", ".schemas", "--check")
    assert result.code == 1
    assert "stubs.json" in result.err
    assert "asstctl schema --out .schemas" in result.err
    empty.done("schema", "--out", ".schemas")
    empty.done("schema", "stubs", "--out", ".schemas", "--check")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("schema",), "asstctl schema --out .schemas"),
        (("schema", "manifst"), "did you mean `manifest`?"),
        (("schema", "manifest", "--check"), "asstctl schema --out .schemas --check"),
        ((*MAKE[:2], "tools/orders.py"), "asstctl schema function tools/orders.py:get_order"),
        ((*MAKE, "--check"), "--out FILE"),
        ((*MAKE, "--out", "get_order.json"), "assistants/functions/NAME.yaml"),
        ((*MAKE, "--key", "Get Order"), "--key KEY"),
    ],
)
def test_wrong_usage_names_the_right_one(shop: Project, arguments: tuple[str, ...], said: str) -> None:
    """As the line to type."""
    result = shop.run(*arguments)
    assert result.code == 64
    assert said in " ".join(result.err.split())


def test_a_function_becomes_a_manifest_that_is_valid(shop: Project) -> None:
    """With no error and no warning, once an assistant uses it; and is up to date afterwards."""
    shop.write("assistants/tutor.yaml", TUTOR + "tools: [{type: function, function: get_order}]\n")
    shop.done(*MAKE, "--out", OUT)
    shop.done("validate", "--strict")
    shop.done(*MAKE, "--out", OUT, "--check")
    assert (shop.root / OUT).read_text("utf-8") == shop.done(*MAKE)
    shop.done("apply", "--yes")
    assert "No changes" in shop.done("plan")


def test_a_manifest_that_says_otherwise_is_shown(shop: Project) -> None:
    """As a diff, with exit code 1 and the command that brings it up to date."""
    shop.done(*MAKE, "--out", OUT)
    shop.write("tools/orders.py", SOURCE.replace("invoice", "receipt"))
    result = shop.run(*MAKE, "--out", OUT, "--check")
    assert result.code == 1
    assert "-      description: As printed on the invoice." in result.err
    assert "+      description: As printed on the receipt." in result.err
    assert f"asstctl schema function tools/orders.py:get_order --out {OUT}" in result.err
    shop.done(*MAKE, "--out", OUT)
    shop.done(*MAKE, "--out", OUT, "--check")


def test_formatting_is_no_difference(shop: Project) -> None:
    """Meaning is compared: JSON in one line, another order of keys, a comment."""
    shop.done(*MAKE, "--out", OUT)
    said = {"strict": True, "name": "get_order", "kind": "function", "key": "get_order"}
    schema = {
        "additionalProperties": False,
        "required": ["order_id", "verbose"],
        "properties": {
            "verbose": {"type": ["boolean", "null"], "description": "Null means the default, false."},
            "order_id": {"type": "string", "description": "As printed on the invoice."},
        },
        "type": "object",
    }
    text = json.dumps({**said, "parameters": schema, "description": "Look up one order."})
    shop.write(OUT, f"# by hand\n{text}\n")
    shop.done(*MAKE, "--out", OUT, "--check")
    shop.done(*MAKE, "--out", OUT)
    assert (shop.root / OUT).read_text("utf-8").startswith("# by hand\n{")


def test_what_the_source_does_not_say_stays(shop: Project) -> None:
    """Comments, `returns`, and other manifests of the file."""
    head = "# ours\nkind: function\nkey: get_order   # its key\ndescription: old\nreturns: {type: object}\n"
    shop.write(OUT, f"{head}---\nkind: function\nkey: other\ndescription: Another.\n")
    shop.done(*MAKE, "--out", OUT)
    text = (shop.root / OUT).read_text("utf-8")
    assert text.startswith("# ours\nkind: function\nkey: get_order   # its key\ndescription: Look up one order.\n")
    assert "returns: {type: object}\n" in text
    assert text.endswith("---\nkind: function\nkey: other\ndescription: Another.\n")
    shop.done(*MAKE, "--out", OUT, "--check")


def test_a_function_is_added_to_a_file_of_others(shop: Project) -> None:
    """As a document of its own."""
    before = "kind: function\nkey: other\ndescription: Another.\n"
    shop.write("assistants/functions.yaml", before)
    shop.done(*MAKE, "--out", "assistants/functions.yaml")
    text = (shop.root / "assistants/functions.yaml").read_text("utf-8")
    assert text == f"{before}---\n{shop.done(*MAKE)}"


def test_a_function_that_is_not_strict_keeps_its_defaults(shop: Project) -> None:
    """And a key of its own is not its name."""
    printed = shop.done(*MAKE, "--no-strict", "--key", "order")
    assert "key: order\nname: get_order\n" in printed
    assert "default: false" in printed
    assert printed.endswith("strict: false\n")


@pytest.mark.parametrize("path", ["../orders.py:f", "/etc/orders.py:f", ".env.py:f"])
def test_no_source_outside_of_the_project_is_read(shop: Project, path: str) -> None:
    """Nor one that is never read."""
    assert shop.run("schema", "function", path).code == 1


def test_no_manifest_is_written_outside_of_the_project(shop: Project, tmp_path: Path) -> None:
    """Neither above it nor into a place of ours."""
    for out in ("../get_order.yaml", ".asstctl/get_order.yaml", ".git/x.yaml"):
        assert shop.run(*MAKE, "--out", out).code == 1
    assert not (tmp_path.parent / "get_order.yaml").exists()


def test_a_new_manifest_names_the_schema_that_the_project_keeps(shop: Project) -> None:
    """Where it keeps any."""
    shop.done("schema", "--out", ".schemas")
    shop.done(*MAKE, "--out", OUT)
    first = "# yaml-language-server: $schema=../../.schemas/manifest.json\n"
    assert (shop.root / OUT).read_text("utf-8").startswith(first)


def test_modelines_and_schemas_are_no_trouble(project: Project) -> None:
    """Discovery takes the schemas for nothing, even where it looks everywhere; an edit keeps the modeline."""
    line = "# yaml-language-server: $schema={}\n"
    head = line.format(".schemas/project.json")
    project.write("asstctl.yaml", f"{head}version: 1\nproject: school\nmanifests: ['**/*.*']\n")
    tutor = line.format("../.schemas/manifest.json") + TUTOR.lstrip()
    project.write("assistants/tutor.yaml", tutor)
    talk = "assistant: tutor\nturns: [{user: hi, expect: {contains: hi}}]\n"
    project.write("assistants/hi.convo.yaml", line.format("../.schemas/conversation.json") + talk)
    project.done("schema", "--out", ".schemas")
    project.done("validate", "--strict")
    project.done("apply", "--yes")
    assert "No changes" in project.done("plan")
    assert edited(tutor, 0, ("temperature",), 0.3) == tutor.replace("0.2", "0.3")
