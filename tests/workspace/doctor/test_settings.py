"""Settings: each value with where it came from, in order of strength, and no secret whatever it hides in."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from asstctl.core.doctor import Examination, Finding, Standing
from asstctl.core.json_types import Json
from asstctl.core.origin import Setting
from asstctl.workspace.doctor.examine import examine
from asstctl.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

OPTIONS = {"ASSTCTL_TARGET": "--target", "ASSTCTL_VAR": "--var", "ASSTCTL_COLOR": "--color"}

PROJECT = """\
version: 1
project: shop
default_target: far
vars:
  region: eu
  model: {env: MODEL}
  note: from the project
defaults:
  assistant:
    temperature: 0.5
targets:
  far:
    provider: assistants
    base_url: https://far.example/v1
    api_key: {env: KEY}
    timeout: 5
    vars:
      region: us
  local:
    provider: local
"""

Row = tuple[str, str]


def project(root: Path, text: str = PROJECT) -> Path:
    (root / "asstctl.yaml").write_text(text, "utf-8")
    (root / "assistants").mkdir(exist_ok=True)
    (root / "assistants/clerk.yaml").write_text("kind: assistant\nmodel: gpt-6\n", "utf-8")
    return root


async def settings(
    root: Path,
    environ: Mapping[str, str],
    target: str = "local",
    variables: tuple[str, ...] = (),
    var_files: tuple[Path, ...] = (),
    values: Mapping[str, Json] | None = None,
) -> dict[str, Setting]:
    workspace = Workspace(root, None, variables, var_files, values or {}, environ=environ)
    found = await examine(workspace, [target], OPTIONS)
    return {one.name: one for one in (*found.settings, *found.targets[0].settings)}


def shown(found: Mapping[str, Setting], *names: str) -> dict[str, Row]:
    return {name: (found[name].value, str(found[name].origin)) for name in names}


async def test_a_project_that_has_no_conversations_says_so(tmp_path: Path) -> None:
    """An empty list is not the default."""
    found = await settings(project(tmp_path, f"{PROJECT}conversations: []\n"), {})

    assert shown(found, "conversations") == {"conversations": ("", "asstctl.yaml:21:1")}


async def test_what_the_project_file_says_is_there_with_its_line(tmp_path: Path) -> None:
    found = await settings(project(tmp_path), {}, "far")

    assert shown(found, "project", "default_target", "manifests", "defaults.assistant.temperature") == {
        "project": ("shop", "asstctl.yaml:2:1"),
        "default_target": ("far", "asstctl.yaml:3:1"),
        "manifests": ("assistants/**/*.yaml, assistants/**/*.md", "default"),
        "defaults.assistant.temperature": ("0.5", "asstctl.yaml:10:5"),
    }
    assert shown(found, "provider", "base_url", "timeout", "own", "limits.max_deletes") == {
        "provider": ("assistants", "asstctl.yaml:13:5"),
        "base_url": ("https://far.example/v1", "asstctl.yaml:14:5"),
        "timeout": ("5", "asstctl.yaml:16:5"),
        "own": ("declared", "default"),
        "limits.max_deletes": ("3", "default"),
    }


@pytest.mark.parametrize("environ, value", [({}, "not set"), ({"KEY": "sk-1", "CI": "1"}, "set")])
async def test_of_a_key_it_is_said_whether_it_is_set(tmp_path: Path, environ: dict[str, str], value: str) -> None:
    found = await settings(project(tmp_path), environ, "far")

    assert shown(found, "api_key") == {"api_key": (value, "KEY in the environment")}
    assert found["api_key"].is_secret


VARIABLES: dict[str, tuple[dict[str, object], str, str, list[str]]] = {
    "the project": ({"target": "local"}, "eu", "asstctl.yaml:5:3", []),
    "the target": ({"target": "far"}, "us", "asstctl.yaml:18:7", ["asstctl.yaml:5:3"]),
    "a file": ({"target": "far", "file": True}, "ap", "VARS:1:1", ["asstctl.yaml:18:7", "asstctl.yaml:5:3"]),
    "a flag": (
        {"target": "far", "file": True, "variables": ("region=sa",)},
        "sa",
        "--var",
        ["VARS:1:1", "asstctl.yaml:18:7", "asstctl.yaml:5:3"],
    ),
    "a program": (
        {"target": "local", "variables": ("region=sa",), "values": {"region": "af"}},
        "af",
        "the program that called",
        ["--var", "asstctl.yaml:5:3"],
    ),
}


@pytest.mark.parametrize("name", VARIABLES)
async def test_a_variable_has_the_strongest_origin_and_names_the_others(tmp_path: Path, name: str) -> None:
    given, value, origin, overrides = VARIABLES[name]
    file = tmp_path / "more.yaml"
    file.write_text("region: ap\n", "utf-8")
    files = (file,) if given.pop("file", False) else ()
    found = (await settings(project(tmp_path), {}, var_files=files, **given))["vars.region"]  # type: ignore[arg-type]

    said = [str(one).replace(str(file), "VARS") for one in (found.origin, *found.overrides)]
    assert (found.value, said) == (value, [origin, *overrides])


@pytest.mark.parametrize("environ, value", [({}, "not set"), ({"MODEL": "gpt-6"}, "gpt-6")])
async def test_a_variable_comes_from_the_environment(tmp_path: Path, environ: dict[str, str], value: str) -> None:
    found = await settings(project(tmp_path), environ)

    assert shown(found, "vars.model") == {"vars.model": (value, "MODEL in the environment")}
    assert found["vars.model"].origin.where is not None


async def test_what_the_environment_sets_is_named_by_its_option(tmp_path: Path) -> None:
    environ = {"ASSTCTL_TARGET": "far", "ASSTCTL_VAR": "a=b", "ASSTCTL_ALLOW_HOSTS": "a.example", "CI": "1"}
    found = await settings(project(tmp_path), environ)

    assert shown(found, "--target", "--var", "keys may go to", "files may read") == {
        "--target": ("far", "ASSTCTL_TARGET in the environment"),
        "--var": ("set", "ASSTCTL_VAR in the environment"),
        "keys may go to": ("a.example", "ASSTCTL_ALLOW_HOSTS in the environment"),
        "files may read": ("every variable that they name", "default"),
    }
    assert "--color" not in found


@pytest.mark.parametrize(
    "environ, expected",
    [
        ({}, ("the address of any target", "default")),
        ({"CI": "true"}, ("this machine and built-in addresses", "default of CI")),
    ],
)
async def test_where_keys_may_go_is_said_where_nobody_set_it(
    tmp_path: Path, environ: dict[str, str], expected: Row
) -> None:
    assert shown(await settings(project(tmp_path), environ), "keys may go to") == {"keys may go to": expected}


@pytest.mark.parametrize(
    "environ, standing, summary, hint",
    [
        ({"ASSTCTL_TARGT": "x"}, Standing.WARNING, "ASSTCTL_TARGT is set, and nothing reads it", "ASSTCTL_TARGET?"),
        ({"ASSTCTL_QQQQ": "x"}, Standing.WARNING, "ASSTCTL_QQQQ is set", "unset ASSTCTL_QQQQ"),
        ({"ASSTCTL_COLOR": "never"}, Standing.FINE, "from the environment: ASSTCTL_COLOR", ""),
        ({"ASSTCTL_ALLOW_ENV": ""}, Standing.FINE, "ASSTCTL_ALLOW_ENV limits what is sent and read", ""),
        ({"ASSTCTL_CLERK_ID": "asst_1"}, None, "", ""),
        ({}, None, "", ""),
    ],
    ids=["a typo", "a stranger", "an option", "a limit", "an id for applications", "nothing"],
)
async def test_what_nothing_reads_is_odd(
    tmp_path: Path, environ: dict[str, str], standing: Standing | None, summary: str, hint: str
) -> None:
    found = [one for one in (await _examined(tmp_path, environ)) if one.check == "settings"]

    assert [one.standing for one in found] == ([] if standing is None else [standing])
    assert all(summary in one.summary and hint in one.hint for one in found)


async def _examined(root: Path, environ: Mapping[str, str]) -> tuple[Finding, ...]:
    return (await examine(Workspace(project(root), environ=environ), ["local"], OPTIONS)).findings


CANARY = "Kq7Zt2Wm9xLp4Rv8"
LEAKY = {
    "a variable by a telling name": "vars: {db_password: CANARY}\n",
    "a variable that looks like a key": "vars: {it: sk-proj-CANARY}\n",
    "a secret variable": "vars: {it: {env: HIDDEN, secret: true}}\n",
    "the value of a secret elsewhere": "vars: {it: {env: HIDDEN, secret: true}, other: xCANARYx}\n",
    "a default": "defaults: {assistant: {description: 'say sk-proj-CANARY now'}}\n",
    "a key": "project: p\n"
    "targets: {far: {provider: openai, base_url: 'https://far.example/v1', api_key: {env: HIDDEN}}}\n",
    "a key that is no name": "project: p\ntargets: {far: {provider: openai, api_key: sk-CANARY-CANARY}}\n",
    "a header": "project: p\ntargets: {far: {provider: assistants, base_url: 'https://a.example', "
    "headers: {x-k: {env: HIDDEN}}}}\n",
    "an address with a password": "project: p\ntargets: {far: {provider: assistants, "
    "base_url: 'https://u:CANARY@a.example'}}\n",
    "an address with a query": "targets: {local: {provider: local, replies: {chat: {base_url: "
    "'https://a.example/v1?k=CANARY'}}}}\n",
    "a judge": "test: {judges: {j: {base_url: 'https://u:CANARY@a.example', model: m, api_key: {env: HIDDEN}}}}\n",
    "a misspelt setting": "targets: {local: {provider: local, aip_key: CANARY}}\n",
    "a misspelt key of the file": "api_key: CANARY\n",
    "a file that is none": "vars: {it: sk-proj-CANARY\n",
}


@pytest.mark.parametrize("where", LEAKY)
async def test_no_secret_is_shown_whatever_it_hides_in(tmp_path: Path, where: str) -> None:
    """In no finding, no setting and no origin, with every place that may give it set."""
    root = project(tmp_path, LEAKY[where].replace("CANARY", CANARY))
    environ = {
        "HIDDEN": CANARY,
        "ASSTCTL_VAR": f"a={CANARY}",
        "ASSTCTL_SECRETS": CANARY,
        "SOME_TOKEN": CANARY,
        "CI": "1",
    }

    check_silent(await examine(Workspace(root, environ=environ), (), OPTIONS))


async def test_no_secret_is_shown_that_is_given_for_one_run(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "assistants/clerk.yaml").write_text(
        "kind: assistant\nmodel: m\ninstructions: '{{ vars.token }} {{ vars.api_token }} {{ vars.plain }}'\n", "utf-8"
    )
    (root / "more.yaml").write_text(f"api_token: {CANARY}\n", "utf-8")
    typed = (f"token={CANARY}", f"plain=sk-proj-{CANARY}")
    found = await examine(Workspace(root, None, typed, (root / "more.yaml",), environ={}), ["local"], OPTIONS)

    assert {one.name: one.value for one in found.targets[0].settings if one.is_secret} == {
        f"vars.{name}": "set" for name in ("token", "api_token", "plain")
    }
    check_silent(found)


def check_silent(found: Examination) -> None:
    """The text of a line is in no output of a doctor."""
    said = [text for one in found.every for text in (one.summary, one.detail, one.hint)]
    every = (*found.settings, *(setting for target in found.targets for setting in target.settings))
    said += [text for one in every for text in (one.name, one.value, *map(str, (one.origin, *one.overrides)))]
    assert [text for text in said if CANARY in text] == []
