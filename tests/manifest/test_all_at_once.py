"""All errors come at once: no mistake hides another, and none is said in other words than its own."""

import pytest

from asstctl.core.capabilities import Capabilities, Limit, WireField
from asstctl.core.diagnostic import Severity
from asstctl.core.errors import WrongUsage
from asstctl.manifest import open_project
from tests.manifest.conftest import Write, loaded, places, refused

A = "kind: assistant\nkey: a\nmodel: m\n"
LIMITS = Capabilities("w", {}, {"assistant": {"temperature": Limit(minimum=0, maximum=2)}})


def test_a_wrong_field_hides_nothing_of_the_others(write: Write) -> None:
    body = (
        "bogus: 1\ntemperature: 9\ninstructions: {file: nope.md}\nname: '{{ vars.no }}'\n"
        "tools:\n  - {typ: code_interpreter}\n  - {type: function, function: nofn}\n"
        "extensions: {opnai: {}}\nmetadata: {n: 1}\n"
    )
    found = loaded(write({"assistants/a.yaml": A + body}), capabilities={"local": LIMITS})

    assert places(found.diagnostics) == [
        ("unknown-key", "assistants/a.yaml:4:1"),
        ("limit", "assistants/a.yaml:5:14"),
        ("missing-file", "assistants/a.yaml:6:22"),
        ("undefined-variable", "assistants/a.yaml:7:16"),
        ("unknown-key", "assistants/a.yaml:9:6"),
        ("bad-reference", "assistants/a.yaml:10:32"),
        ("unknown-provider", "assistants/a.yaml:11:14"),
        ("wrong-type", "assistants/a.yaml:12:15"),
    ]
    assert found.desired == ()


def test_a_manifest_without_a_model_is_checked_all_the_same(write: Write) -> None:
    root = write({"assistants/a.yaml": "kind: assistant\nkey: a\ninstructions: {file: nope.md}\n"})

    assert [code for code, _ in places(loaded(root).diagnostics)] == ["missing-key", "missing-file"]


def test_a_wrong_field_of_a_function_hides_nothing_of_its_schema(write: Write) -> None:
    function = "kind: function\nkey: f\nbogus: 1\nparameters: {type: objct}\n"
    root = write({"assistants/f.yaml": function})

    assert [code for code, _ in places(loaded(root).diagnostics)] == ["unknown-key", "bad-schema"]


@pytest.mark.parametrize(
    "text, names",
    [
        ("{{ vars.a }} {{ vars.b }}", ["a", "b"]),
        ("{{ vars.a.x }} {{ vars.b }} {{ vars.a }}", ["a"]),
        ("{{ vars.a }} {{ vars.b | default(1) }}", ["a"]),
        ("{{ vars.a }} {% if vars.b is defined %}{{ vars.c }}{% endif %} {{ vars.d }}", ["a", "d"]),
        ("{{ vars.a + 1 }} {{ vars.b }}", ["a"]),
        ("{{ vars.sec }} {{ vars.a }} {{ vars.set }}", ["sec", "a"]),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_every_variable_that_is_not_to_be_had_is_said(write: Write, text: str, names: list[str], in_file: bool) -> None:
    body = "instructions: {template: /t.j2}\n" if in_file else f'instructions: "{text}"\n'
    root = write(
        {
            "asstctl.yaml": "vars: {set: 1, sec: {env: SEC, secret: true}}\n",
            "assistants/a.yaml": A + body,
            "t.j2": text,
        }
    )
    found = loaded(root, environ={"SEC": "abcdefgh"}).diagnostics

    assert [one.summary.split("`")[1] for one in found] == [f"vars.{name}" for name in names]


def test_a_wrong_number_out_of_a_template_says_what_came_out(write: Write) -> None:
    root = write({"asstctl.yaml": "vars: {lvl: warm}\n", "assistants/a.yaml": A + 'temperature: "{{ vars.lvl }}"\n'})
    [found] = loaded(root).diagnostics

    assert found.summary == "`temperature` must be a number, and `{{ vars.lvl }}` is `warm`"
    assert found.hint == "change `vars.lvl`"


def test_instructions_are_replaced_whole(write: Write) -> None:
    root = write(
        {
            "asstctl.yaml": "defaults: {assistant: {instructions: {file: x.md}}}\n",
            "x.md": "X",
            "assistants/a.yaml": A + "instructions: {template: a.j2}\n",
            "assistants/b.yaml": A.replace("a\n", "b\n"),
            "assistants/a.j2": "A",
        }
    )
    result = loaded(root)

    assert result.diagnostics == ()
    assert [one.fields["instructions"] for one in result.desired] == ["A", "X"]


def test_front_matter_that_is_not_closed_is_an_error(write: Write) -> None:
    root = write(
        {
            "assistants/a.md": "---\nkind: assistant\nmodel: m\n",
            "assistants/note.md": "---\nA note that begins with a rule.\n",
            "assistants/b.yaml": "kind: assistant\nmodel: m\ntools: [{type: function, function: a}]\n",
        }
    )
    assert places(loaded(root).diagnostics) == [("open-front-matter", "assistants/a.md:1:1")]


def test_the_project_file_is_no_manifest(write: Write) -> None:
    root = write({"asstctl.yaml": "manifests: ['**/*.yaml']\nconversations: ['**/*.convo.yaml']\n", "a.yaml": A})
    result = loaded(root)

    assert [code for code, _ in places(result.diagnostics)] == ["empty-glob"]
    assert [str(one.address) for one in result.desired] == ["assistant.a"]


@pytest.mark.parametrize(
    "glob, words",
    [
        ("../x/*.yaml", "`..` is never followed"),
        (".bots/*.yaml", "no dot folder"),
        ("a/.x.yaml", "no dot file"),
        ("./a/*.yaml", "no `.` before"),
        ("asstctl.yaml", "no manifest"),
        ("b/*.yaml", "check the folder"),
    ],
)
def test_a_glob_that_can_match_nothing_says_why(write: Write, glob: str, words: str) -> None:
    [found] = loaded(write({"asstctl.yaml": f"manifests: ['{glob}']\n", "a/.x.yaml": A})).diagnostics

    assert found.code == "empty-glob"
    assert words in found.hint


def test_a_link_out_of_the_project_that_is_named_is_said_once(write: Write) -> None:
    root = write({"assistants/a.yaml": A + "instructions: {file: p.md}\n"})
    (root.parent / "p.md").write_text("x")
    (root / "assistants/p.md").symlink_to(root.parent / "p.md")
    (root / "assistants/q.md").symlink_to(root.parent / "p.md")

    assert places(loaded(root).diagnostics) == [
        ("outside-project", "assistants/a.yaml:4:22"),
        ("outside-project", "assistants/q.md:1:1"),
    ]


@pytest.mark.parametrize("name, hint", [("temperature", "outside"), ("tool_resources", "outside"), ("id", "remove")])
def test_an_extension_is_no_field_of_the_wire(write: Write, name: str, hint: str) -> None:
    fields = {"temperature": WireField(("temperature",)), "x": WireField(("tool_resources", "x"))}
    known = Capabilities("w", {"assistant": fields})
    body = f"extensions:\n  local: {{{name}: 1, other: 1}}\n  openai: {{temperature: 1}}\n"
    [found] = loaded(write({"assistants/a.yaml": A + body}), capabilities={"local": known}).diagnostics

    assert (found.code, str(found.where)) == ("reserved-extension", "assistants/a.yaml:5:11")
    assert hint in found.hint


SHARED = Capabilities(
    "w",
    {
        "assistant": {
            "tools": WireField(("tools",)),
            "response_format": WireField(("text", "format")),
            "reasoning_effort": WireField(("reasoning", "effort")),
        }
    },
    dialect="Here",
    composite=frozenset({"tools", "text", "reasoning"}),
    extension_tools=frozenset({"tool_search", "automations"}),
)


@pytest.mark.parametrize(
    ("extension", "place", "hint"),
    [
        ("text: {verbosity: low}", None, ""),
        ("text: null", None, ""),
        ("text: low", "5:11", "`text: {NAME: VALUE}`"),
        ("reasoning: [low]", "5:11", "`reasoning: {NAME: VALUE}`"),
        ("text: {verbosity: low, format: {type: text}}", "5:34", "write `response_format:` outside"),
        ("reasoning: {effort: low}", "5:23", "write `reasoning_effort:` outside"),
        ("tools: [{type: tool_search}]", None, ""),
        ("tools: [{type: tool_search}, {type: function}]", "5:40", "write it in `tools:` outside"),
        ("tools: [{type: web_search}]", "5:19", "write it in `tools:` outside"),
        ("tools: [{type: tool_serch}]", "5:19", "did you mean `tool_search`?"),
        ("tools: [tool_search]", "5:19", "choose from: automations, tool_search"),
        ("tools: [{type: [x]}]", "5:19", "choose from: automations, tool_search"),
        ("tools: {type: tool_search}", "5:11", "write each tool as an entry"),
        ("model: m2", None, ""),
    ],
)
def test_an_extension_may_share_a_key_of_the_wire_with_a_field(
    write: Write, extension: str, place: str | None, hint: str
) -> None:
    """The part of it that is the field is no extension; a tool that manifests have words for is none either."""
    body = f"extensions:\n  local: {{{extension}}}\n"
    found = loaded(write({"assistants/a.yaml": A + body}), capabilities={"local": SHARED}).diagnostics

    assert [(one.code, str(one.where)) for one in found] == (
        [("reserved-extension", f"assistants/a.yaml:{place}")] if place else []
    )
    assert all(hint in one.hint for one in found)


def test_a_target_may_own_what_is_not_declared(write: Write) -> None:
    root = write(
        {
            "asstctl.yaml": "targets: {local: {provider: local, own: all, list_lag: 2.5}}\n",
            "assistants/a.yaml": A + "name: x\nignore_changes: [top_p, tool_resources]\n",
        }
    )
    [desired] = loaded(root).desired
    fields = dict(desired.fields)

    assert (fields.pop("name"), fields.pop("model")) == ("x", "m")
    assert fields == dict.fromkeys(
        ("description", "instructions", "tools", "metadata", "temperature", "reasoning_effort", "response_format")
    )
    assert open_project(root, {}).targets["local"].list_lag == 2.5


@pytest.mark.parametrize(
    "text, summary, hint",
    [
        ("defaults: {asistant: {}}", "`asistant` is not a key of `defaults`", "did you mean `assistant`?"),
        ("version: '1'", "`version` must be the number 1, not text", "remove the quotes"),
        ("targets: {a: {provider: local, timeout: '5'}}", "must be a number, not text", "remove the quotes"),
        ("targets: {a: {provider: local, timeout: soon}}", "must be a number, not text", "write a number"),
        ("targets: {a: {provider: local, on_unsuported: {}}}", "`on_unsuported` is not a field", "`on_unsupported`"),
        ("targets: {a: {provider: local, credentials: {}}}", "`credentials` is not a setting of", "choose from"),
        ("targets: {a: {provider: local, on_unsupported: {x: dorp}}}", "cannot be `dorp`", "did you mean `drop`?"),
        ("targets: {a: {provider: local, on_unsupported: {x: 1}}}", "cannot be `1`", "choose from: error, drop"),
        ("targets: {a: {provider: local, on_unsupported: {x: {function: a b}}}}", "must match", "change the value"),
        ("targets: {a: {provider: local, own: al}}", "cannot be `al`", "`all`"),
    ],
)
def test_hints_say_what_to_do(write: Write, text: str, summary: str, hint: str) -> None:
    [found] = refused(write({"asstctl.yaml": text + "\n"}))

    assert summary in found.summary
    assert hint in found.hint


@pytest.mark.parametrize(
    "name, known",
    [("declared", True), ("of_target", True), ("used", True), ("in_file", True), ("overlaid", True), ("usd", False)],
)
def test_a_variable_that_nothing_knows_is_refused(write: Write, name: str, known: bool) -> None:
    root = write(
        {
            "asstctl.yaml": "vars: {declared: 1}\ntargets: {t: {provider: local, vars: {of_target: 1}}}\n",
            "assistants/a.yaml": A + "instructions: {template: t.j2}\nname: '{{ vars.used | default(1) }}'\n"
            "targets: {t: {name: '{{ vars.overlaid | default(1) }}'}}\n",
            "assistants/t.j2": "{{ vars.in_file | default(1) }}",
            "more.yaml": f"{name}: x\n",
        }
    )
    in_file = loaded(root, var_files=[root / "more.yaml"]).diagnostics
    if known:
        assert in_file == loaded(root, variables=[f"{name}=x"]).diagnostics == ()
    else:
        assert [(one.code, one.severity, one.hint) for one in in_file] == [
            ("unused-variable", Severity.WARNING, "did you mean `used`?")
        ]
        with pytest.raises(WrongUsage, match="usd") as caught:
            loaded(root, variables=[f"{name}=x"])
        assert caught.value.hint == "did you mean `used`?"


def test_what_an_include_may_use_is_not_called_unknown(write: Write) -> None:
    root = write({"assistants/a.yaml": A + "name: '{% include \"/t\" %}'\n", "t": "{{ vars.x }}"})

    assert loaded(root, variables=["x=1"]).desired[0].name == "1"
