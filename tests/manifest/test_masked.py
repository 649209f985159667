"""No message shows a loaded secret, wherever the secret stands."""

import pytest

from asstctl.core.diagnostic import Diagnostic, Where, error
from asstctl.manifest import Secret, load, masked, open_project
from tests.manifest.conftest import Write, loaded, refused

SECRET = "zz-sekret-zz"
VARS = "vars: {sec: {env: PWD1, secret: true}}\n"


@pytest.mark.parametrize(
    "file, text",
    [
        ("assistants/a.yaml", f"kind: assistant\nmodel: {SECRET}\n"),
        ("assistants/a.yaml", f"kind: assistant\nmodel: m\n{SECRET}: 1\n"),
        ("assistants/a.yaml", f"kind: {SECRET}\n"),
        ("assistants/a.yaml", f"kind: assistant\nmodel: m\nreasoning_effort: {SECRET}\n"),
        ("assistants/a.yaml", f"kind: assistant\nmodel: m\ntools: [{{type: function, function: {SECRET}}}]\n"),
        ("assistants/a.yaml", f"kind: assistant\nmodel: m\ninstructions: {{file: {SECRET}}}\n"),
        ("assistants/a.yaml", f"{SECRET}: [\n"),
    ],
)
def test_no_message_about_a_manifest_shows_a_secret(write: Write, file: str, text: str) -> None:
    found = loaded(write({"asstctl.yaml": VARS, file: text}), environ={"PWD1": SECRET}).diagnostics

    assert found
    assert "sekret" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        f"{VARS}{SECRET}: 1\n",
        f"{VARS}default_target: {SECRET}\n",
        f"vars: {{sec: {{env: PWD1, secret: true, {SECRET}: 1}}}}\n",
        f"vars: {{sec: {{env: DB_PASSWORD}}, x: 1}}\ntargets: {{{SECRET}: 1}}\n",
        f"targets: {{local: {{api_key: {{env: PWD1}}, provider: {SECRET}}}}}\n",
    ],
)
def test_no_message_about_the_project_file_shows_a_secret(write: Write, text: str) -> None:
    found = refused(write({"asstctl.yaml": text}), {"PWD1": SECRET, "DB_PASSWORD": SECRET})

    assert "sekret" not in repr(found)


def test_a_secret_that_is_cut_off_is_masked_too() -> None:
    long = "k" + "0123456789" * 20

    [found] = masked([error("x", f"`{long[:80]}…` is wrong")], [Secret("K", long)])

    assert "0123456" not in found.summary


def test_carets_stay_right_and_short_values_are_left() -> None:
    where = Where("a.yaml", 1, 8, 3, f"{SECRET}: abc")

    [found] = masked(
        [Diagnostic(error("x", "y").severity, "x", "abc", where)], [Secret("A", SECRET), Secret("B", "abc")]
    )

    assert found.summary == "abc"
    assert found.where == Where("a.yaml", 1, 8, 3, f"{'*' * len(SECRET)}: abc")


def test_a_key_whose_settings_are_wrong_is_masked_in_manifests(write: Write) -> None:
    text = "project: p\ntargets: {g: {provider: assistants, base_url: 'https://x.org', api_key: {env: K, no: 1}}}\n"
    root = write({"asstctl.yaml": text, "assistants/a.yaml": f"kind: assistant\nmodel: m\nbogus: {SECRET}\n"})
    found = load(open_project(root, {"K": SECRET}, tolerant=True), "local").diagnostics

    assert [one.code for one in found] == ["unknown-key", "unknown-key"]
    assert "sekret" not in repr(found)


@pytest.mark.parametrize(
    "setting",
    [
        "api_key: zz-sekret-zz",
        "api_key: {env: zz-sekret-zz}",
        "headers: {x-key: zz-sekret-zz}",
        "headers: {x-key: {env: zz-sekret-zz}}",
        "api_key: zz-sekret-zz, bogus: 1",
    ],
)
def test_a_key_that_was_written_into_the_file_is_not_shown(write: Write, setting: str) -> None:
    """Nor is its line shown by another error that is on it: logs of pipelines are read by many."""
    found = refused(write({"asstctl.yaml": f"project: p\ntargets: {{g: {{provider: assistants, {setting}}}}}\n"}), {})

    assert "secret-in-file" in [one.code for one in found]
    assert "sekret" not in repr(found)
    assert any("`{env: NAME}`" in one.hint for one in found)


def test_the_line_of_an_address_with_a_password_is_shown_by_no_error(write: Write) -> None:
    tool = "{type: mcp, server_label: a, server_url: 'https://u:zz-sekret-zz@x.org', headers: {k: zz-sekret-zz}}"
    found = loaded(write({"assistants/a.yaml": f"kind: assistant\nmodel: m\ntools: [{tool}]\n"})).diagnostics

    assert sorted(one.code for one in found) == ["bad-url", "unknown-key"]
    assert "sekret" not in repr(found)
