"""A key through the list of models: whatever a server repeats of it, no output shows it and no file keeps it."""

import pytest

from tests.cli.conftest import Project
from tests.security.hostile import MODES, hostile
from tests.security.test_canary import CANARIES, canary, leaks

__all__ = ["canary"]

COMMANDS = (("plan", "-v"), ("plan", "--format", "json"), ("doctor", "-v"), ("doctor", "--format", "json"))


@pytest.mark.parametrize("mode", MODES)
def test_no_list_of_models_shows_a_key(canary: Project, mode: str) -> None:
    seen: list[str] = []
    with hostile(mode, seen) as url:
        losses = "on_unsupported: {assistant.temperature: drop}"
        target = f"{{provider: openai, base_url: {url}, api_key: {{env: CANARY_KEY}}, {losses}}}"
        canary.write("asstctl.yaml", f"version: 1\nproject: school\ndefault_target: far\ntargets: {{far: {target}}}\n")
        for command in COMMANDS:
            result = canary.run(*command)
            assert leaks(result, canary.root) == [], (command, result)
            assert "error[bug]" not in result.err, (command, result.err)
    assert f"Bearer {CANARIES['CANARY_KEY']}" in seen
