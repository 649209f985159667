"""A project file with errors: all of them at once, and those of the manifests with them where those can be read."""

import pytest

from asstctl.core.errors import InvalidInput
from asstctl.manifest import load, open_project
from tests.manifest.conftest import Write, places, refused

A = "kind: assistant\nkey: a\nmodel: m\ntop_p: x\n"


def test_all_errors_of_the_project_file_come_at_once(write: Write) -> None:
    text = (
        "bogus: 1\nproject: p\ndefault_target: prod\nmanifests: [1]\ntargets:\n"
        "  a: {provider: assistants, base_url: 'http://x.org', api_key: {env: K}, timeout: x}\n"
        "  b: {provider: local, replies: {script: no.yaml}, base_url: 1}\n"
        "  c: {provider: assistants, base_url: 1}\n"
        "  d: {provider: locl, vars: {x: {env: MY_TOKEN}}}\n"
    )

    assert places(refused(write({"asstctl.yaml": text}))) == [
        ("unknown-key", "asstctl.yaml:1:1"),
        ("unknown-target", "asstctl.yaml:3:17"),
        ("wrong-type", "asstctl.yaml:4:13"),
        ("insecure-key", "asstctl.yaml:6:39"),
        ("wrong-type", "asstctl.yaml:6:83"),
        ("missing-file", "asstctl.yaml:7:42"),
        ("wrong-type", "asstctl.yaml:7:62"),
        ("wrong-type", "asstctl.yaml:8:39"),
        ("unknown-provider", "asstctl.yaml:9:17"),
        ("secret-not-declared", "asstctl.yaml:9:39"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "bogus: 1\n",
        "default_target: prod\n",
        "version: '1'\n",
        "targets: {a: {provider: locl}}\n",
        "targets: {a: {}}\n",
        "targets: {a: {provider: local, timeout: x}}\n",
        "targets: {a: {provider: local, replies: {script: no.yaml}}}\n",
        "test: {use: 1}\n",
    ],
)
def test_manifests_are_read_in_spite_of_it(write: Write, text: str) -> None:
    root = write({"asstctl.yaml": text, "assistants/a.yaml": A + "tools: [{type: code_interpreter, only: [local]}]\n"})
    project = open_project(root, {}, tolerant=True)
    found = [load(project, name).diagnostics for name in project.targets]

    for one in found:
        assert [str(d.where).split(":")[0] for d in one] == ["assistants/a.yaml", "asstctl.yaml"]
    refused(root)


@pytest.mark.parametrize(
    "text",
    [
        "vars: 1\n",
        "varss: {x: 1}\n",
        "vars: {a: {env: 1}}\n",
        "manifests: [1]\n",
        "defaults: {asistant: {}}\n",
        "targets: 1\n",
        "targets: {a: {provider: local, vars: 1}}\n",
        "- a\n",
    ],
)
def test_nothing_is_said_of_manifests_that_would_not_be_true(write: Write, text: str) -> None:
    root = write({"asstctl.yaml": text, "assistants/a.yaml": A})

    with pytest.raises(InvalidInput) as caught:
        open_project(root, {}, tolerant=True)

    assert [one.where.path for one in caught.value.diagnostics if one.where] == ["asstctl.yaml"]
