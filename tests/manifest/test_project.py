"""The project file: what it means, and what it must not say."""

import pytest

from asstctl.manifest import Secret, open_project
from tests.manifest.conftest import Write, refused

HEAD = "version: 1\nproject: demo\n"
GATEWAY = "targets:\n  gw:\n    provider: assistants\n    base_url: "


def test_without_a_project_file_the_target_is_local(write: Write) -> None:
    project = open_project(write({}), {"OPENAI_API_KEY": "sk-abc"})

    assert (project.name, project.default_target, list(project.targets)) == ("local", "local", ["local"])
    assert project.targets["local"].provider == "local"
    assert project.file is None


def test_a_key_in_the_environment_changes_no_target(write: Write) -> None:
    text = HEAD + GATEWAY + "https://example.org/v1\n    api_key: {env: GW_KEY}\n"
    project = open_project(write({"asstctl.yaml": text}), {"GW_KEY": "sekret-value"})

    assert project.default_target == "local"
    assert project.targets["local"].provider == "local"


def test_a_target_holds_its_settings(write: Write) -> None:
    text = (
        HEAD
        + GATEWAY
        + (
            "http://127.0.0.1:4000/v1/\n    api_key: {env: GW_KEY}\n    vars: {model: big}\n"
            "    limits: {max_deletes: 3}\n    timeout: 5\n"
        )
    )
    target = open_project(write({"asstctl.yaml": text}), {"GW_KEY": "sekret-value"}).targets["gw"]

    assert (target.base_url, target.max_deletes, target.timeout) == ("http://127.0.0.1:4000/v1", 3, 5.0)
    assert target.vars == {"model": "big"}
    assert target.api_key is not None
    assert target.api_key.reveal() == "sekret-value"


def test_a_key_that_is_not_set_is_known_by_its_name(write: Write) -> None:
    text = HEAD + GATEWAY + "https://example.org/v1\n    api_key: {env: GW_KEY}\n"
    target = open_project(write({"asstctl.yaml": text}), {}).targets["gw"]

    assert (target.api_key, target.api_key_env) == (None, "GW_KEY")


def test_no_repr_holds_a_secret(write: Write) -> None:
    text = HEAD + (
        "vars: {token: {env: CRM, secret: true}}\ntargets:\n"
        "  gw: {provider: assistants, base_url: 'https://x.org', api_key: {env: GW_KEY}}\n"
        "  local: {provider: local, replies: {chat: {base_url: 'https://x.org', api_key: {env: CHAT_KEY}}}}\n"
    )
    environ = {"CRM": "crm-sekret", "GW_KEY": "gw-sekret", "CHAT_KEY": "chat-sekret", "OTHER": "x"}
    project = open_project(write({"asstctl.yaml": text}), environ)

    assert "sekret" not in repr(project) + str(project) + str(Secret("X", "sekret"))
    assert sorted(one.reveal() for one in project.secrets) == ["chat-sekret", "crm-sekret", "gw-sekret"]
    assert "OTHER" not in project.environment


@pytest.mark.parametrize(
    "replies, result",
    [
        ("echo", "echo"),
        ("{chat: {base_url: 'http://127.0.0.1:1/v1', models: {'*': x}}}", None),
    ],
)
def test_replies(write: Write, replies: str, result: object) -> None:
    text = f"targets: {{local: {{provider: local, replies: {replies}}}}}\n"
    target = open_project(write({"asstctl.yaml": text}), {}).targets["local"]

    assert target.replies == (result or {"chat": {"base_url": "http://127.0.0.1:1/v1", "models": {"*": "x"}}})


def test_a_script_is_found_from_the_project(write: Write) -> None:
    text = "targets: {local: {provider: local, replies: {script: a/b.replies.yaml}}}\n"
    root = write({"asstctl.yaml": text, "a/b.replies.yaml": "x"})

    assert open_project(root, {}).targets["local"].replies == {"script": str(root / "a/b.replies.yaml")}


@pytest.mark.parametrize(
    "text, code, place, hint",
    [
        ("projct: x\n", "unknown-key", "1:1", "`project`"),
        ("version: 2\n", "unknown-value", "1:10", "1"),
        ("project: My Project\n", "bad-value", "1:10", "change"),
        ("manifests: x\n", "wrong-type", "1:12", "- "),
        ("defaults: {asistant: {}}\n", "unknown-value", "1:12", "`assistant`"),
        ("vars: {a b: 1}\n", "bad-name", "1:8", "letters"),
        ("default_target: prod\n", "unknown-target", "1:17", "local"),
        ("targets: {a: {provider: locl}}\n", "unknown-provider", "1:25", "`local`"),
        ("targets: {a: {provider: local, base_url: x}}\n", "unknown-key", "1:32", "replies"),
        ("project: p\ntargets: {a: {provider: assistants}}\n", "missing-key", "2:11", "base_url"),
        (
            "project: p\ntargets: {a: {provider: openai}}\n",
            "missing-key",
            "2:11",
            "add `api_key: {env: OPENAI_API_KEY}`",
        ),
        (
            "project: p\ntargets: {a: {provider: openai, base_url: 'https://x.example/v1'}}\n",
            "missing-key",
            "2:11",
            "add `api_key: {env: OPENAI_API_KEY}`",
        ),
        ("targets: {a: {provider: assistants, base_url: 'https://x'}}\n", "missing-key", "1:11", "project"),
        ("targets: {a: {provider: local, replies: ehco}}\n", "unknown-value", "1:41", "`echo`"),
        ("targets: {a: {provider: local, replies: {script: no.yaml}}}\n", "missing-file", "1:50", "project"),
        ("targets: {a: {provider: local, replies: {script: ../x}}}\n", "outside-project", "1:50", "project"),
        ("targets: {a: {provider: local, api_key: x}}\n", "secret-in-file", "1:41", "{env: NAME}"),
        ("targets: {a: {provider: local, limits: {max_deletes: -1}}}\n", "limit", "1:54", "change"),
        ("vars: {k: {env: CRM_KEY}}\n", "secret-not-declared", "1:17", "secret: true"),
        ("vars: {k: {env: crm_password}}\n", "secret-not-declared", "1:17", "secret: true"),
        ("targets: {local: {provider: local, vars: {k: {env: A_TOKEN}}}}\n", "secret-not-declared", "1:52", "secret"),
        ("a: [\n", "yaml-syntax", "1:4", "bracket"),
    ],
)
def test_a_mistake_is_one_diagnostic_at_its_place(write: Write, text: str, code: str, place: str, hint: str) -> None:
    found = refused(write({"asstctl.yaml": text}))

    assert [(one.code, str(one.where)) for one in found] == [(code, f"asstctl.yaml:{place}")]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    "url, key, code",
    [
        ("https://example.org/v1", True, None),
        ("http://127.0.0.1:1/v1", True, None),
        ("http://[::1]:1/v1", True, None),
        ("http://localhost/v1", True, None),
        ("http://example.org/v1", False, None),
        ("http://example.org/v1", True, "insecure-key"),
        ("http://127.0.0.1.example.org/v1", True, "insecure-key"),
        ("http://localhost.example.org/", True, "insecure-key"),
        ("https://me:pw@example.org/v1", False, "secret-in-file"),
        ("ftp://example.org", False, "bad-url"),
        ("example.org", False, "bad-url"),
        ("https://[::1", False, "bad-url"),
    ],
)
def test_a_key_goes_over_https_or_to_this_machine(write: Write, url: str, key: bool, code: str | None) -> None:
    text = HEAD + GATEWAY + f'"{url}"\n' + ("    api_key: {env: GW_KEY}\n" if key else "")
    root = write({"asstctl.yaml": text})
    if code is None:
        assert open_project(root, {}).targets["gw"].base_url == url
    else:
        assert [one.code for one in refused(root)] == [code]


@pytest.mark.parametrize("name", ["../../elsewhere", "a/b", ".hidden", "a\\nb", "x" * 61])
def test_a_target_whose_name_is_a_path_is_refused(write: Write, name: str) -> None:
    """Its database would lie wherever the name leads."""
    [found] = refused(write({"asstctl.yaml": f'targets: {{"{name}": {{provider: local}}}}\n'}))

    assert found.code == "bad-name"


@pytest.mark.parametrize("url", ["https://bob:hunter2@h.example/v1", "https://h.example/v1?key=hunter2"])
@pytest.mark.parametrize(
    "target", ["{provider: assistants, base_url: URL}", "{provider: local, replies: {chat: {base_url: URL}}}"]
)
def test_a_secret_in_a_url_is_refused_and_not_shown(write: Write, url: str, target: str) -> None:
    text = f"project: p\ntargets: {{t: {target.replace('URL', repr(url))}}}\n"

    [found] = refused(write({"asstctl.yaml": text}))

    assert found.code == "secret-in-file"
    assert "hunter2" not in repr(found)


def test_a_port_that_is_none_is_refused(write: Write) -> None:
    [found] = refused(write({"asstctl.yaml": HEAD + GATEWAY + "https://h.example:99999/v1\n"}))

    assert found.code == "bad-url"


def test_a_project_file_that_is_a_link_out_of_the_project_is_not_read(write: Write) -> None:
    root = write({})
    (root.parent / "outside").write_text("secret: [")
    (root / "asstctl.yaml").symlink_to("../outside")

    [found] = refused(root)

    assert found.code == "outside-project"
    assert "secret" not in repr(found)


def test_a_file_name_that_the_system_refuses_names_no_file(write: Write) -> None:
    text = f"targets: {{local: {{provider: local, replies: {{script: {'a' * 300}.yaml}}}}}}\n"

    [found] = refused(write({"asstctl.yaml": text}))

    assert found.code == "missing-file"


def test_code_under_test_is_given_no_key(write: Write) -> None:
    text = HEAD + GATEWAY + "https://h.example/v1\n    api_key: {env: GW_KEY}\ntest: {env: [LOCALE, GW_KEY]}\n"

    [found] = refused(write({"asstctl.yaml": text}))

    assert (found.code, str(found.where)) == ("secret-in-test", "asstctl.yaml:8:22")
