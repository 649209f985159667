"""Where a session's agent works: nowhere, or in an environment of this server, which runs Python and nothing else.

What such an environment could be given and this server could not honour is refused rather than ignored.
"""

from typing import Any

from asstctl.emulator.agents import refusals
from asstctl.emulator.ids import new_id
from asstctl.emulator.shapes import AnyObject, Array, Choice, Flag, Member, Null, Record, Rules, Shape, Text, Variants

Json = Any

NONE, HOSTED = "none", "openai_hosted"

_TEXTS = Array(Text())
_NETWORK = Record(
    (
        Member("access", Choice(("enabled", "disabled", "restricted")), required=True),
        Member("allowed_domains", _TEXTS, default=[], null=Null.DEFAULT, null_default=[]),
        Member("blocked_domains", _TEXTS, null=Null.IGNORED),
    )
)
_LACKING = ("files", "packages", "plugins", "skills", "setup_commands", "environment_id", "environment_template_id")
"""Members that ask for what is not here, unless they are empty."""

_VARIANTS = Variants(
    {
        NONE: Record(()),
        HOSTED: Record(
            (
                Member("capability_directories", _TEXTS, default=[], null=Null.DEFAULT, null_default=[]),
                Member("container_size", Choice(("small", "medium", "large")), default="medium"),
                Member("desktop", Record((Member("enabled", Flag(), required=True),)), null=Null.IGNORED),
                Member("env", AnyObject(), null=Null.IGNORED),
                Member("network", _NETWORK, null=Null.IGNORED),
            )
        ),
    }
)


class _Environment(Shape):
    expected = "an object"

    def read(self, value: Json, path: str, rules: Rules) -> dict[str, Json]:
        if isinstance(value, dict) and value.get("type") == "self_hosted":
            raise refusals.not_served(path, "an environment of type 'self_hosted'")
        if isinstance(value, dict) and value.get("type") == HOSTED:
            for name in _LACKING:
                if value.get(name):
                    raise refusals.not_served(f"{path}.{name}", f"an environment with {name}")
            value = {name: member for name, member in value.items() if name not in _LACKING}
        return _VARIANTS.read(value, path, rules)


ENVIRONMENT = _Environment()


def new_environment(given: dict[str, Json]) -> dict[str, Json]:
    """As a session shows it. The network of a beta call is open where nothing was said; nothing here can use it."""
    if given["type"] == NONE:
        return {"type": NONE}
    network = given.get("network", {"access": "enabled", "allowed_domains": []})
    return {
        "type": HOSTED,
        "id": new_id("env_"),
        "capability_directories": given["capability_directories"],
        "container_size": given["container_size"],
        "desktop": given.get("desktop", {"enabled": False}),
        "files": [],
        "network": {name: network[name] for name in ("access", "allowed_domains")},
        "packages": {"npm": [], "python": [], "system": []},
        "plugins": [],
        "skills": [],
    }
