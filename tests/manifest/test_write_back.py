"""Writing live values back into files: folders of numbered cases.

`before/` is a project, `live.yaml` what is live of some of its fields, `after/` the files that change, and `said.txt`
what is not written and why. ASSTCTL_UPDATE_GOLDEN=1 writes the last two anew; read the difference.
"""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from asstctl.core.address import Address
from asstctl.core.capabilities import Capabilities
from asstctl.core.diagnostic import has_errors
from asstctl.core.json_types import Json
from asstctl.documents.yaml import parse_one
from asstctl.kinds import KINDS
from asstctl.kinds.canonical import same
from asstctl.manifest import Project, load, open_project
from asstctl.manifest.edits import Edits, NotPlaced
from asstctl.manifest.sources import read_sources
from asstctl.manifest.tool_words import Words
from asstctl.manifest.write_back import LiveField, take
from asstctl.providers import capabilities

FOLDER = Path(__file__).parent / "write_back"
CASES = sorted(path.name for path in FOLDER.iterdir())
UPDATE = bool(os.environ.get("ASSTCTL_UPDATE_GOLDEN"))


def _live(case: Path) -> dict[str, Any]:
    document, diagnostics = parse_one((case / "live.yaml").read_text("utf-8"), "live.yaml")
    assert document is not None
    assert not diagnostics
    assert isinstance(document.value, dict)
    return document.value


def _known(project: Project, target: str) -> Capabilities:
    """What a target can hold, without limits."""
    return replace(capabilities(project.targets[target].provider), limits={})


def _split(text: str) -> tuple[Address, str]:
    kind, key, name = text.split(".", 2)
    return Address(kind, key), name


@pytest.mark.parametrize("case", CASES)
def test_a_live_value_comes_into_the_files(case: str, tmp_path: Path) -> None:
    """The files change as `after/` says, mean what is live, and the rest is said with its place."""
    folder = FOLDER / case
    root = tmp_path / "project"
    shutil.copytree(folder / "before", root)
    live = _live(folder)
    target = live.get("target", "local")
    project = open_project(root, {"MODEL": "gpt-4o"})
    known = _known(project, target)
    loaded = load(project, target, capabilities={target: known})
    assert not has_errors(loaded.diagnostics), loaded.diagnostics
    desired = {one.address: one for one in loaded.desired}
    stores = {id: Address.parse(text) for id, text in live.get("stores", {}).items()}
    provider = project.targets[target].provider
    words = Words.of(known, project.targets[target])
    overlay = live.get("overlay", False)
    edits = Edits(read_sources(project), target, provider, stores, in_overlay=overlay, words=words)
    said, taken = [], []
    for text, value in live["live"].items():
        address, name = _split(text)
        try:
            take(edits, desired[address], LiveField(name, value, desired[address].fields.get(name)))
        except NotPlaced as refused:
            said.append(f"{text}: {refused.where}: {refused.reason}\n")
        else:
            taken.append((address, name, value))
    _compare(folder, edits, "".join(said))
    for edit in edits.edits:
        (root / edit.path).parent.mkdir(parents=True, exist_ok=True)
        (root / edit.path).write_bytes(edit.after.encode())
    _means(root, target, taken)


def _compare(folder: Path, edits: Edits, said: str) -> None:
    after = folder / "after"
    if UPDATE:
        shutil.rmtree(after, ignore_errors=True)
        for edit in edits.edits:
            (after / edit.path).parent.mkdir(parents=True, exist_ok=True)
            (after / edit.path).write_bytes(edit.after.encode())
        (folder / "said.txt").write_text(said, "utf-8")
    expected = {p.relative_to(after).as_posix(): p.read_bytes() for p in after.rglob("*") if p.is_file()}
    assert {edit.path: edit.after.encode() for edit in edits.edits} == expected
    assert said == (folder / "said.txt").read_text("utf-8")


def _means(root: Path, target: str, taken: list[tuple[Address, str, Json]]) -> None:
    """What the files mean now is what is live."""
    project = open_project(root, {"MODEL": "gpt-4o"})
    loaded = load(project, target, capabilities={target: _known(project, target)})
    assert not has_errors(loaded.diagnostics), loaded.diagnostics
    desired = {one.address: one for one in loaded.desired}
    for address, name, value in taken:
        rule = KINDS[address.kind].field(name).canonical
        if name == "tool_resources.file_search":
            continue  # its stores are known by their keys here, and live by their ids
        assert same(rule(desired[address].fields.get(name)), rule(value)), name


@pytest.mark.parametrize("name", ["name", "instructions", "metadata"])
def test_half_a_surrogate_pair_is_never_written(name: str, tmp_path: Path) -> None:
    """Neither into a manifest nor into a file that one names."""
    (tmp_path / "asstctl.yaml").write_text("version: 1\nproject: school\ntargets: {local: {provider: local}}\n")
    (tmp_path / "assistants").mkdir()
    manifest = "kind: assistant\nkey: a\nname: A\nmodel: gpt-4o\ninstructions: {file: a.txt}\nmetadata: {x: y}\n"
    (tmp_path / "assistants" / "a.yaml").write_text(manifest)
    (tmp_path / "assistants" / "a.txt").write_text("Be kind.")
    project = open_project(tmp_path, {})
    (desired,) = load(project, "local").desired
    edits = Edits(read_sources(project), "local", "local")
    value: Json = {"x": "\ud800"} if name == "metadata" else "\ud800"

    with pytest.raises(NotPlaced, match="half a surrogate pair"):
        take(edits, desired, LiveField(name, value, desired.fields[name]))
    assert edits.edits == ()
