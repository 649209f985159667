"""Where values come from: every kind of place that can say one, and what it overrides."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from asstctl.core.address import Address
from asstctl.core.change import ABSENT
from asstctl.core.explanation import Explained, Said
from asstctl.manifest import load, open_project
from asstctl.manifest.provenance import Provenance, Subject
from tests.manifest.conftest import Write

FILES = {
    "asstctl.yaml": """\
version: 1
project: school
default_target: local
vars:
  model: gpt-4o
  tone: kind
  town: {env: TOWN}
defaults:
  assistant:
    temperature: 1
    metadata: {team: school}
  function:
    strict: false
targets:
  local: {provider: local}
  prod: {provider: local, vars: {model: gpt-4.1}}
  far:
    provider: openai
    api_key: {env: SCHOOL_KEY}
    vars: {tone: {env: SCHOOL_TONE_SECRET, secret: true}}
    on_unsupported: {assistant.temperature: drop}
""",
    "assistants/tutor.yaml": """\
kind: assistant
name: Tutor
model: "{{ vars.model }}"
instructions: {template: texts/tutor.md}
temperature: 0.7
tools:
  - type: code_interpreter
    except: [prod]
  - type: function
    function: ask
  - type: function
    function:
      name: inline
      parameters: {type: object}
tool_resources:
  code_interpreter: {file_ids: []}
extensions: {openai: {text: {verbosity: low}}}
metadata:
  lang: zh
protect: true
targets:
  prod:
    temperature: 0.2
    name: null
    metadata: {stage: live}
""",
    "assistants/texts/tutor.md": "You teach in {{ vars.town }}.\n{% include 'tone.txt' %}\n",
    "assistants/texts/tone.txt": "Be {{ vars.tone }}.\n",
    "assistants/plain.yaml": "kind: assistant\nmodel: m\ninstructions: {file: texts/tone.txt}\n",
    "assistants/notes.md": "---\nkind: assistant\nmodel: m\n---\nTake notes.\n\nBriefly.\n",
    "assistants/ask.yaml": "kind: function\ndescription: Ask.\nparameters: {file: ask.json}\n",
    "assistants/ask.json": '{\n  "type": "object",\n  "properties": {\n    "query": {"type": "string"}\n  }\n}\n',
    "assistants/books.yaml": "kind: vector_store\nfiles: ['*.json']\n",
    "given.yaml": "model: gpt-5\n",
}
ENVIRON = {"TOWN": "Peking", "SCHOOL_KEY": "sk-school-canary", "SCHOOL_TONE_SECRET": "tone-canary"}


@pytest.fixture
def root(write: Write) -> Path:
    return write(FILES)


def asked(
    root: Path, address: str, name: str, rest: str = "", target: str = "local", variables: tuple[str, ...] = ()
) -> Explained:
    """One value of the project, with the variables of a file and of the command line."""
    answers, subject = answering(root, address, target, variables)
    found = answers.field(subject, name, rest)
    assert found is not None
    return found


def answering(
    root: Path, address: str, target: str, variables: tuple[str, ...], environ: Mapping[str, str] = ENVIRON
) -> tuple[Provenance, Subject]:
    project = open_project(root, environ)
    files = [root / "given.yaml"] if variables else []
    loaded = load(project, target, variables=variables, var_files=files)
    answers = Provenance(project, loaded, target, project.targets[target].provider)
    subject = answers.subject(Address.parse(address))
    assert subject is not None, loaded.diagnostics
    return answers, subject


def where(said: Said) -> tuple[str, str]:
    at = said.origin.where
    return str(said.origin.source), f"{Path(at.path).name}:{at.line}" if at else said.origin.name


TABLE = {
    "a body": ("assistant.tutor", "tools", "", "local", ["body tutor.yaml:6"]),
    "a body over defaults": (
        "assistant.tutor",
        "temperature",
        "",
        "local",
        ["body tutor.yaml:5", "defaults asstctl.yaml:10"],
    ),
    "an overlay over both": (
        "assistant.tutor",
        "temperature",
        "",
        "prod",
        ["overlay tutor.yaml:23", "body tutor.yaml:5", "defaults asstctl.yaml:10"],
    ),
    "defaults": ("assistant.plain", "temperature", "", "local", ["defaults asstctl.yaml:10"]),
    "a part of a map, from defaults": ("assistant.tutor", "metadata", "team", "prod", ["defaults asstctl.yaml:11"]),
    "a part of a map, from the body": ("assistant.tutor", "metadata", "lang", "prod", ["body tutor.yaml:19"]),
    "a part of a map, from an overlay": ("assistant.tutor", "metadata", "stage", "prod", ["overlay tutor.yaml:25"]),
    "null in an overlay": (
        "assistant.tutor",
        "name",
        "",
        "prod",
        ["overlay tutor.yaml:24", "body tutor.yaml:2"],
    ),
    "a file": ("assistant.plain", "instructions", "", "local", ["file tone.txt:1"]),
    "a template in a file": ("assistant.tutor", "instructions", "", "local", ["template tutor.md:1"]),
    "the text below front matter": ("assistant.notes", "instructions", "", "local", ["markdown notes.md:5"]),
    "front matter": ("assistant.notes", "model", "", "local", ["front-matter notes.md:3"]),
    "a function by its key": ("assistant.tutor", "tools", "function.ask", "local", ["function ask.yaml:1"]),
    "a function where it is used": ("assistant.tutor", "tools", "function.inline", "local", ["body tutor.yaml:12"]),
    "a field of a function": (
        "assistant.tutor",
        "tools",
        "function.ask.description",
        "local",
        ["function ask.yaml:2"],
    ),
    "a default of functions": (
        "assistant.tutor",
        "tools",
        "function.ask.strict",
        "local",
        ["defaults asstctl.yaml:13"],
    ),
    "a schema in a file": (
        "assistant.tutor",
        "tools",
        "function.ask.parameters.properties.query",
        "local",
        ["file ask.json:4"],
    ),
    "a schema on the spot": (
        "assistant.tutor",
        "tools",
        "function.inline.parameters.type",
        "local",
        ["body tutor.yaml:14"],
    ),
    "a function of its own": ("function.ask", "description", "", "local", ["function ask.yaml:2"]),
    "a whole schema of its own": ("function.ask", "parameters", "", "local", ["file ask.json:1"]),
    "an extension": ("assistant.tutor", "extensions.text", "verbosity", "far", ["body tutor.yaml:17"]),
    "what a tool takes with it": (
        "assistant.tutor",
        "tool_resources.code_interpreter",
        "",
        "prod",
        ["body tutor.yaml:16"],
    ),
    "a tool for other targets": ("assistant.tutor", "tools", "code_interpreter", "prod", ["body tutor.yaml:7"]),
    "a flag for this program": ("assistant.tutor", "protect", "", "local", ["body tutor.yaml:20"]),
    "the files of a store": ("vector_store.books", "files", "", "local", ["body books.yaml:2"]),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_value_names_what_wrote_it_and_what_that_overrides(root: Path, case: str) -> None:
    address, name, rest, target, expected = TABLE[case]
    if target == "far":
        (root / "assistants/texts/tone.txt").write_text("Be kind.\n")
    assert [" ".join(where(said)) for said in asked(root, address, name, rest, target).said] == expected


@pytest.mark.parametrize(
    ("rest", "line"), [("code_interpreter", 7), ("function.ask", 9), ("function.ask.parameters", 9)]
)
def test_a_tool_for_other_targets_is_not_declared(root: Path, rest: str, line: int) -> None:
    path = root / "assistants/tutor.yaml"
    path.write_text(path.read_text().replace("    function: ask\n", "    function: ask\n    only: [local]\n"))
    one = asked(root, "assistant.tutor", "tools", rest, "prod")

    assert (one.declared, one.value, one.remark) == (False, ABSENT, "its tool is not for prod")
    assert one.said[0].origin.where is not None
    assert one.said[0].origin.where.line == line


@pytest.mark.parametrize("rest", ["", "text", "text.verbosity"])
def test_an_extension_for_another_provider_is_not_declared(root: Path, rest: str) -> None:
    one = asked(root, "assistant.tutor", "extensions.openai", rest)
    assert (one.declared, one.value) == (False, ABSENT)
    assert one.remark == "it is for provider openai, and local is of provider local"
    assert where(one.said[0]) == ("body", "tutor.yaml:17")


def test_what_leads_to_a_value_is_named_from_near_to_far(root: Path) -> None:
    one = asked(root, "assistant.tutor", "tools", "function.ask.parameters.properties")
    assert [" ".join(where(Said(origin))) for origin in one.via] == ["function ask.yaml:3", "body tutor.yaml:10"]

    one = asked(root, "assistant.tutor", "instructions")
    assert [" ".join(where(Said(origin))) for origin in one.via] == ["body tutor.yaml:4"]
    assert [origin.name for origin in one.includes] == ["assistants/texts/tone.txt"]
    assert [variable.name for variable in one.variables] == ["tone", "town"]


def test_a_variable_names_all_that_give_it_a_value(root: Path) -> None:
    one = asked(root, "assistant.tutor", "model", target="prod", variables=("model=gpt-6",))
    (variable,) = one.variables

    assert one.value == "gpt-6"
    assert [(*where(said), said.value) for said in variable.said] == [
        ("flag", "--var", "gpt-6"),
        ("var-file", "given.yaml:1", "gpt-5"),
        ("target", "asstctl.yaml:16", "gpt-4.1"),
        ("project", "asstctl.yaml:5", "gpt-4o"),
    ]


def test_the_environment_is_named_with_the_line_that_reads_it(root: Path) -> None:
    _, town = asked(root, "assistant.tutor", "instructions").variables
    (said,) = town.said
    assert (str(said.origin.source), said.origin.name, said.value) == ("environment", "TOWN", "Peking")
    assert said.origin.where is not None
    assert said.origin.where.line == 7


def test_a_secret_is_named_and_never_its_value(root: Path) -> None:
    """A variable that is a secret on one target, and given by hand there: what it would be stays unsaid."""
    answers, _ = answering(root, "assistant.plain", "far", ())
    variable = answers._variable("tone")

    assert [(said.is_secret, said.value is ABSENT) for said in variable.said][:1] == [(True, True)]
    assert "canary" not in repr(variable)


def test_a_weaker_value_that_holds_a_secret_is_not_shown(root: Path) -> None:
    """It is overridden, so that nothing refuses it."""
    text = (root / "asstctl.yaml").read_text().replace("team: school", "team: school, lang: sk-school-canary")
    (root / "asstctl.yaml").write_text(text)
    first, second = asked(root, "assistant.tutor", "metadata", "lang").said

    assert first.value == "zh"
    assert (second.is_secret, second.value) == (True, ABSENT)


@pytest.mark.parametrize(("number", "line"), [(0, 4), (1, 3), (2, 3)])
def test_a_file_of_a_store_comes_from_the_entry_that_matched_it(root: Path, number: int, line: int) -> None:
    """The files stand in the order of their paths, not in that of the entries."""
    for name in ("a.txt", "b.csv", "c.csv"):
        (root / "assistants/texts" / name).write_text("text")
    store = "kind: vector_store\nfiles:\n  - texts/*.csv\n  - {path: texts/a.txt, attributes: {topic: a}}\n"
    (root / "assistants/books.yaml").write_text(store)
    one = asked(root, "vector_store.books", "files", str(number))
    assert where(one.said[0]) == ("body", f"books.yaml:{line}")


def test_lines_of_a_text_are_counted_as_an_editor_counts_them(root: Path) -> None:
    """A page break and a paragraph separator are no ends of lines."""
    (root / "assistants/texts/tone.txt").write_text("one\x0c\u2028still one\ntwo\n")
    assert asked(root, "assistant.plain", "instructions").said[0].origin.last_line == 2
    (root / "assistants/notes.md").write_text("---\nkind: assistant\nmodel: m\n---\none\x0c\u2028still one\ntwo\n")
    assert asked(root, "assistant.notes", "instructions").said[0].origin.last_line == 6


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("metadata", "tem"),
        ("tools", "function.nobody"),
        ("tools", "function"),
        ("extensions.openai", "tem"),
        ("instructions", "x"),
        ("temperature", "x"),
    ],
)
def test_what_is_written_nowhere_is_none(root: Path, name: str, rest: str) -> None:
    answers, subject = answering(root, "assistant.tutor", "local", ())
    assert answers.field(subject, name, rest) is None


def test_the_words_of_a_manifest_that_no_wire_has_are_explained_too(root: Path) -> None:
    one = asked(root, "assistant.tutor", "instructions", "template")
    assert (one.value, where(one.said[0])) == ("texts/tutor.md", ("body", "tutor.yaml:4"))


def test_a_key_with_dots_is_found_whole(root: Path) -> None:
    text = (root / "assistants/plain.yaml").read_text()
    (root / "assistants/plain.yaml").write_text(text + "metadata: {a.b: long, a: short}\n")
    assert asked(root, "assistant.plain", "metadata", "a.b").value == "long"


def test_the_parts_of_a_value_from_several_places_stand_below_it(root: Path) -> None:
    metadata = asked(root, "assistant.tutor", "metadata", target="prod")
    assert [part.name for part in metadata.parts] == ["metadata.team", "metadata.lang", "metadata.stage"]
    assert asked(root, "assistant.plain", "metadata").parts == ()
