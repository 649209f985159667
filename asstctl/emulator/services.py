"""What a route and a run need of the server, as one value: its store, clock, rules and workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asstctl.emulator.agents.quirks import Quirks
    from asstctl.emulator.code.sandbox import Sandbox
    from asstctl.emulator.files.blobs import Blobs
    from asstctl.emulator.knowledge.knowledge import Knowledge
    from asstctl.emulator.runs.executor import Executor
    from asstctl.emulator.shapes import Rules
    from asstctl.emulator.store import Store


@dataclass(frozen=True, slots=True)
class Services:
    store: Store
    executor: Executor
    clock: Callable[[], float]
    rules: Rules
    blobs: Blobs
    knowledge: Knowledge
    sandbox: Sandbox
    quirks: Quirks
