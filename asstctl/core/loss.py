"""Loss: what a target's wire cannot hold of an object, and how its target takes that.

Made while files are read, from `Capabilities.unsupported` and `on_unsupported`; said in plans, by `migrate`, and heeded
where conversations are played.
"""

from dataclasses import dataclass

from asstctl.core.capabilities import Way


@dataclass(frozen=True, slots=True)
class Accepted:
    """How a target takes one loss. `function` is the name of the one that stands for what is lost."""

    way: Way
    function: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss of one object that its target accepts. `field` is in the words of `on_unsupported`, with the kind:
    `assistant.temperature`, `function.strict`. `function` is the name of the one that stands for it."""

    field: str
    way: Way
    what: str
    function: str = ""

    @property
    def path(self) -> str:
        """Its words where the kind is known: what is no part of an assistant keeps it, for it is written elsewhere."""
        return self.field.removeprefix("assistant.")

    @property
    def tool(self) -> str:
        """The type of the tool that is lost, where it is one."""
        return self.field.rpartition(".")[2]
