"""What manifests mean on a target: the order of the steps, the rules of each, and how mistakes are said."""

import time
from typing import Any

import pytest

from asstctl.core.capabilities import Capabilities, Limit
from asstctl.core.diagnostic import Severity
from asstctl.core.errors import WrongUsage
from tests.manifest.conftest import Write, loaded, places

A = "kind: assistant\nkey: a\nmodel: m\n"
TARGETS = (
    "version: 1\nproject: p\ntargets:\n  prod: {provider: assistants, base_url: 'https://x.org', vars: {model: big}}\n"
)
ASK = "kind: function\nkey: ask\nparameters: {type: object, properties: {q: {type: string}}}\n"


def fields(write: Write, body: str, project: str = "", target: str = "local", **options: Any) -> dict[str, Any]:
    """The fields of the one assistant, whose files must be right."""
    files = {"assistants/a.yaml": A + body} | ({"asstctl.yaml": project} if project else {})
    result = loaded(write(files), target, **options)
    assert [one.summary for one in result.diagnostics if one.severity is Severity.ERROR] == []
    return {name: value for name, value in result.desired[0].fields.items() if name != "model"}


@pytest.mark.parametrize(
    "body, result",
    [
        ("", {}),
        ("name: X\n", {"name": "X"}),
        ("temperature: null\n", {"temperature": None}),
        ("tools: null\n", {"tools": None}),
        ("tools: []\n", {"tools": []}),
        ("tools: [{type: code_interpreter, only: [local]}]\n", {"tools": [{"type": "code_interpreter"}]}),
        (
            "tool_resources: {file_search: {vector_store_ids: [v]}}\n",
            {"tool_resources.file_search": {"vector_store_ids": ["v"]}},
        ),
        ("tool_resources: null\n", {"tool_resources.code_interpreter": None, "tool_resources.file_search": None}),
        ("extensions: {openai: {text: x}}\n", {}),
        ("extensions: {local: {text: {a: 1}}}\n", {"extensions.text": {"a": 1}}),
        (
            "response_format: {type: json_schema, json_schema: {name: x, schema: {default: null}}}\n",
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"default": None}}}},
        ),
    ],
)
def test_fields_are_what_is_declared(write: Write, body: str, result: dict[str, Any]) -> None:
    assert fields(write, body) == result


def test_defaults_then_body_then_overlay(write: Write) -> None:
    project = TARGETS + "defaults: {assistant: {name: D, metadata: {team: t, drop: x}, temperature: 1}}\n"
    body = "metadata: {lang: zh, drop: null}\ntargets: {prod: {temperature: null, metadata: {stage: p}, name: P}}\n"

    assert fields(write, body, project) == {"name": "D", "metadata": {"team": "t", "lang": "zh"}, "temperature": 1}
    assert fields(write, body, project, "prod") == {"name": "P", "metadata": {"team": "t", "lang": "zh", "stage": "p"}}


def test_variables_of_the_target_go_before_those_of_the_project(write: Write, tmp_path: Any) -> None:
    project = TARGETS + "vars: {model: small}\n"
    file = tmp_path / "vars.yaml"
    file.write_text("model: file\n")
    body = 'name: "{{ vars.model }}"\n'

    assert fields(write, body, project) == {"name": "small"}
    assert fields(write, body, project, "prod") == {"name": "big"}
    assert fields(write, body, project, "prod", var_files=[file]) == {"name": "file"}
    assert fields(write, body, project, "prod", var_files=[file], variables=["model=cli"]) == {"name": "cli"}


def test_numbers_keep_their_type_and_texts_are_texts(write: Write) -> None:
    project = "vars: {t: 0.5, n: 3}\n"
    body = (
        'temperature: "{{ vars.t }}"\ntop_p: "{{ vars.t / 2 }}"\nname: "{{ vars.n }}"\nmetadata: {n: "{{ vars.n }}"}\n'
    )

    assert fields(write, body, project) == {"temperature": 0.5, "top_p": 0.25, "name": "3", "metadata": {"n": "3"}}
    assert fields(write, body, project, variables=["t=1"])["temperature"] == 1


def test_functions_and_keys_are_never_rendered(write: Write) -> None:
    body = (
        "tools: [{type: function, function: {name: f, description: '{{ x }}', parameters: {description: '{% y %}'}}}]\n"
    )

    assert fields(write, body)["tools"][0]["function"] == {
        "name": "f",
        "description": "{{ x }}",
        "parameters": {"description": "{% y %}"},
    }


def test_instructions_from_files(write: Write) -> None:
    root = write(
        {
            "asstctl.yaml": "vars: {tone: kind}\n",
            "assistants/deep/file.yaml": "kind: assistant\nmodel: m\ninstructions: {file: ../p.txt}\n",
            "assistants/deep/template.yaml": "kind: assistant\nmodel: m\ninstructions: {template: /assistants/p.txt}\n",
            "assistants/deep/plain.yaml": 'kind: assistant\nmodel: m\ninstructions: "Be {{ vars.tone }}."\n',
            "assistants/deep/markdown.md": "---\nkind: assistant\nmodel: m\n---\nBe {{ vars.tone }}.\n",
            "assistants/p.txt": "Be {{ vars.tone }}.\n",
        }
    )
    result = loaded(root)

    assert result.diagnostics == ()
    assert {one.address.key: one.fields["instructions"] for one in result.desired} == {
        "file": "Be {{ vars.tone }}.\n",
        "template": "Be kind.\n",
        "plain": "Be kind.",
        "markdown": "Be {{ vars.tone }}.\n",
    }
    assert all(type(one.fields["instructions"]) is str for one in result.desired)


def test_a_function_is_found_by_its_key_or_is_inline(write: Write) -> None:
    body = "tools:\n  - {type: function, function: ask}\n  - {type: function, function: {name: now}}\n"
    tools = fields(write, body + "---\n" + ASK + "strict: false\n")["tools"]

    assert [tool["function"]["name"] for tool in tools] == ["ask", "now"]
    assert tools[0]["function"]["strict"] is False


def test_parameters_from_a_file(write: Write) -> None:
    schema = '{"type": "object",\n "properties": {"a": {"type": "objct"}}}'
    root = write(
        {
            "assistants/a.yaml": A + "tools: [{type: function, function: ask}]\n",
            "assistants/f/ask.yaml": "kind: function\nparameters: {file: schemas/ask.json}\n",
            "assistants/f/schemas/ask.json": schema,
        }
    )
    assert places(loaded(root).diagnostics) == [("bad-schema", "assistants/f/schemas/ask.json:2:31")]

    (root / "assistants/f/schemas/ask.json").write_text(schema.replace("objct", "object"))
    tool: Any = loaded(root).desired[0].fields["tools"]
    assert tool[0]["function"]["parameters"]["properties"] == {"a": {"type": "object"}}


def test_a_tool_that_stays_away_takes_its_resources_with_it(write: Write) -> None:
    body = "tools: [{type: file_search, except: [prod]}]\ntool_resources: {file_search: {vector_store_ids: [v]}}\n"

    assert fields(write, body, TARGETS) == {
        "tools": [{"type": "file_search"}],
        "tool_resources.file_search": {"vector_store_ids": ["v"]},
    }
    assert fields(write, body, TARGETS, "prod") == {"tools": []}


def test_what_is_protected_and_ignored(write: Write) -> None:
    root = write({"assistants/a.yaml": A + "protect: true\nignore_changes: [name, tool_resources]\n"})
    desired = loaded(root).desired[0]

    assert desired.protect
    assert desired.ignored == {"name", "tool_resources.code_interpreter", "tool_resources.file_search"}


def test_places_are_those_of_the_layer_that_wrote_the_field(write: Write) -> None:
    project = TARGETS + "defaults: {assistant: {name: D}}\n"
    body = "metadata: {a: b}\ntargets: {prod: {temperature: 1}}\n"
    desired = loaded(write({"asstctl.yaml": project, "assistants/a.yaml": A + body}), "prod").desired[0]

    assert {name: str(where) for name, where in desired.places.items()} == {
        "": "assistants/a.yaml:1:1",
        "model": "assistants/a.yaml:3:1",
        "metadata": "assistants/a.yaml:4:1",
        "temperature": "assistants/a.yaml:5:18",
        "name": "asstctl.yaml:5:24",
    }


@pytest.mark.parametrize(
    "body, code, place, hint",
    [
        ("top_p:\n", "empty-value", "4:1", "null"),
        ("targets: {prd: {name: x}}\n", "unknown-target", "4:11", "`prod`"),
        ("targets: {prod: {key: x}}\n", "overlay-identity", "4:18", "remove"),
        ("tools: [{type: code_interpreter, only: [prd]}]\n", "unknown-target", "4:41", "`prod`"),
        ("tools: [{type: function, function: ak}]\n---\n" + ASK, "bad-reference", "4:36", "`ask`"),
        ("tools: [{type: code_interpreter}, {type: code_interpreter}]\n", "duplicate-tool", "4:35", "remove"),
        ("tools: [{type: function, function: {name: f, parameters: {type: x}}}]\n", "bad-schema", "4:65", "2020-12"),
        ("instructions: {file: absent.md}\n", "missing-file", "4:22", "project"),
        ("instructions: {file: ../../x.md}\n", "outside-project", "4:22", "copy"),
        ("instructions: {file: /.env}\n", "forbidden-path", "4:22", "elsewhere"),
        ("instructions: {template: /.git/config}\n", "forbidden-path", "4:26", "elsewhere"),
        ("extensions: {opnai: {}}\n", "unknown-provider", "4:14", "`openai`"),
        ('temperature: "{{ vars.tmp }}"\n', "undefined-variable", "4:23", "declare"),
        ("top_p: '{{ 1e308 / 0.001 }}'\n", "wrong-type", "4:8", "change"),
        ("name: '{{ vars.n'\n", "template-syntax", "4:8", "braces"),
        ("instructions: |\n  One.\n  {{ vars.tone }}\n", "undefined-variable", "6:11", "declare"),
        ("metadata: {a: '{{ vars.b }}'}\n", "undefined-variable", "4:24", "declare"),
        ("---\n" + ASK, "unused-function", "5:1", "tools"),
        ("---\nkind: assitant\n", "unknown-kind", "5:7", "`assistant`"),
        ("---\nkey: x\n", "missing-key", "5:1", "kind"),
        ("---\nkind: assistant\nkey: A.b\nmodel: m\n", "bad-name", "6:6", "lower-case"),
        ("---\nkind: assistant\nkey: a\nmodel: m\n", "duplicate-address", "6:1", "a.yaml:1:1"),
        (
            "---\nkind: assistant\nkey: b-c\nmodel: m\n---\nkind: assistant\nkey: b_c\nmodel: m\n",
            "same-env-name",
            "10:1",
            "key",
        ),
        (
            "response_format: {type: json_schema, json_schema: {name: x, strict: true, schema: {type: object}}}\n",
            "strict-additional-properties",
            "4:75",
            "false",
        ),
    ],
)
def test_a_mistake_is_one_diagnostic_at_its_place(write: Write, body: str, code: str, place: str, hint: str) -> None:
    found = loaded(write({"asstctl.yaml": TARGETS, "assistants/a.yaml": A + body})).diagnostics

    assert places(found) == [(code, f"assistants/a.yaml:{place}")]
    assert hint in found[0].hint
    assert found[0].where is not None
    assert found[0].where.text


def test_a_mistake_in_defaults_is_said_once_in_the_project_file(write: Write) -> None:
    root = write(
        {
            "asstctl.yaml": "defaults: {assistant: {top_p: x}}\n",
            "assistants/a.yaml": A,
            "assistants/b.yaml": A.replace("a\n", "b\n"),
        }
    )
    assert ("wrong-type", "asstctl.yaml:1:31") in places(loaded(root).diagnostics)
    assert len(loaded(root).diagnostics) == 1


def test_what_an_unreadable_file_may_hold_is_not_called_missing(write: Write) -> None:
    root = write(
        {
            "assistants/a.yaml": A
            + "tools:\n  - {type: function, function: ask}\n  - {type: function, function: tell}\n",
            "assistants/ask.yaml": "kind: function\nparameters: [\n",
        }
    )
    result = loaded(root)

    assert [one.code for one in result.diagnostics] == ["bad-reference", "yaml-syntax"]
    assert "`tell`" in result.diagnostics[0].summary
    assert result.desired == ()
    assert [str(one) for one in result.declared] == ["assistant.a"]


SECRETS = """\
project: p
vars: {token: {env: CRM, secret: true}, same: {env: GW}, url: {env: URL}}
targets: {gw: {provider: assistants, base_url: 'https://x.org', api_key: {env: GW}}}
"""


@pytest.mark.parametrize(
    "body, place",
    [
        ("name: '{{ vars.token }}'\n", "4:16"),
        ("name: '{{ vars.token | default(1) }}'\n", "4:16"),
        ("name: '{{ vars.same }}'\n", "4:16"),
        ("name: has crm-sekret in it\n", "4:1"),
        ("instructions: {file: /leak.txt}\n", "4:1"),
        ("name: '{{ vars.url }}'\n", "4:1"),
        ("metadata: {gw-sekret: x}\n", "4:1"),
        ("instructions: {template: /leak.j2}\n", "leak.j2:1:9"),
    ],
)
def test_no_secret_gets_into_a_manifest(write: Write, body: str, place: str) -> None:
    root = write(
        {
            "asstctl.yaml": SECRETS,
            "assistants/a.yaml": A + body,
            "leak.txt": "the gw-sekret",
            "leak.j2": "{{ vars.token }}",
        }
    )
    environ = {"CRM": "crm-sekret", "GW": "gw-sekret", "URL": "https://x/?key=gw-sekret"}
    result = loaded(root, environ=environ)

    assert places(result.diagnostics) == [
        ("secret-in-manifest", place if place.startswith("leak") else f"assistants/a.yaml:{place}")
    ]
    assert result.desired == ()
    assert "sekret" not in "".join(one.summary + one.hint + one.detail for one in result.diagnostics)


def test_an_environment_that_is_not_set_is_named(write: Write) -> None:
    root = write({"asstctl.yaml": "vars: {url: {env: CRM_URL}}\n", "assistants/a.yaml": A + "name: '{{ vars.url }}'\n"})
    found = loaded(root).diagnostics

    assert [(one.code, one.hint) for one in found] == [("undefined-variable", "set the environment variable CRM_URL")]
    assert loaded(root, environ={"CRM_URL": "x"}).desired[0].name == "x"


LIMITS = {
    "name": Limit(max_chars=3),
    "tools": Limit(max_items=1),
    "tools[].function.name": Limit(max_chars=4),
    "tools[].file_search.max_num_results": Limit(minimum=1, maximum=50),
    "tool_resources.file_search.vector_store_ids": Limit(max_items=1),
    "metadata": Limit(max_items=2, max_key_chars=4, max_value_chars=4),
    "temperature": Limit(minimum=0, maximum=2),
}


@pytest.mark.parametrize(
    "body, place",
    [
        ("name: long\n", "4:7"),
        ("tools:\n  - {type: code_interpreter}\n  - {type: file_search}\n", "4:1"),
        ("tools: [{type: function, function: {name: longer}}]\n", "4:43"),
        ("tools: [{type: function, function: long}]\n---\nkind: function\nkey: long\nname: longer\n", "8:7"),
        ("tools: [{type: file_search, file_search: {max_num_results: 51}}]\n", "4:60"),
        ("tool_resources: {file_search: {vector_store_ids: [a, b]}}\n", "4:32"),
        ("metadata: {a: b, b: c, c: d}\n", "4:1"),
        ("metadata: {longer: b}\n", "4:12"),
        ("metadata: {a: longer}\n", "4:15"),
        ("temperature: -0.1\n", "4:14"),
        ("temperature: 2.1\n", "4:14"),
    ],
)
def test_limits_are_checked_where_the_value_was_written(write: Write, body: str, place: str) -> None:
    capabilities = {"local": Capabilities("w", {}, {"assistant": LIMITS})}
    found = loaded(write({"assistants/a.yaml": A + body}), capabilities=capabilities).diagnostics

    assert places(found) == [("limit", f"assistants/a.yaml:{place}")]
    assert "target `local`" in found[0].summary


def test_limits_of_every_given_target_are_checked_with_its_overlay(write: Write) -> None:
    known = Capabilities("w", {}, {"assistant": LIMITS})
    body = "name: long\ntargets: {prod: {temperature: 3}}\n"
    root = write({"asstctl.yaml": TARGETS, "assistants/a.yaml": A + body})
    found = loaded(root, capabilities={"local": known, "prod": known}).diagnostics

    assert [one.summary for one in found] == [
        "`name` has 4 characters, and targets `local`, `prod` take at most 3",
        "`temperature` is 3, and target `prod` takes at most 2",
    ]


def test_the_environment_of_another_target_need_not_be_set(write: Write) -> None:
    project = TARGETS.replace("model: big", "model: {env: MODEL}") + "vars: {model: x}\n"
    root = write({"asstctl.yaml": project, "assistants/a.yaml": A + "name: '{{ vars.model }}'\n"})
    known = Capabilities("w", {}, {})

    assert loaded(root, capabilities={"local": known, "prod": known}).diagnostics == ()
    assert [one.code for one in loaded(root, "prod").diagnostics] == ["undefined-variable"]


def test_stub_files_of_the_project(write: Write) -> None:
    root = write({"asstctl.yaml": "test: {use: [/a/x.stubs.yaml, absent.yaml]}\n", "a/x.stubs.yaml": "x"})
    result = loaded(root)

    assert result.stub_files == (root / "a/x.stubs.yaml",)
    assert places(result.diagnostics) == [("missing-file", "asstctl.yaml:1:31")]


def test_a_twin_hides_none_of_its_own_mistakes(write: Write) -> None:
    root = write({"assistants/a.yaml": A, "assistants/b.yaml": A + "top_p: x\n"})
    result = loaded(root)

    assert places(result.diagnostics) == [
        ("duplicate-address", "assistants/b.yaml:2:1"),
        ("wrong-type", "assistants/b.yaml:4:8"),
    ]
    assert [str(one.where) for one in result.desired] == ["assistants/a.yaml:1:1"]


def test_two_sources_of_instructions_are_refused(write: Write) -> None:
    root = write({"assistants/a.md": "---\nkind: assistant\nmodel: m\ninstructions: x\n---\ny\n"})

    assert places(loaded(root).diagnostics) == [("two-instructions", "assistants/a.md:4:1")]


@pytest.mark.parametrize("text", ["model", "=x", "a b=x"])
def test_a_variable_that_is_no_pair_is_wrong_usage(write: Write, text: str) -> None:
    with pytest.raises(WrongUsage):
        loaded(write({}), variables=[text])


def test_a_thousand_runaway_templates_are_given_up_after_a_few(write: Write) -> None:
    """A second for each of them would be a quarter of an hour."""
    text = "{% for a in 'x' * 99999 %}{% for b in 'x' * 99999 %}{% endfor %}{% endfor %}"
    manifests = "".join(f'---\nkind: assistant\nkey: a{i}\nmodel: m\nname: "{text}"\n' for i in range(1000))
    started = time.monotonic()

    found = loaded(write({"assistants/a.yaml": manifests})).diagnostics

    assert time.monotonic() - started < 10
    assert [one.code for one in found] == ["template-timeout"] * 1000
