"""Rules files as tests write them, and what a script answers by one."""

import asyncio
from pathlib import Path

from asstctl.emulator.replies.script import Script
from asstctl.emulator.replies.values import Part, ReplyRequest, TextDelta


def write(folder: Path, rules: str) -> Path:
    file = folder / "demo.replies.yaml"
    file.write_text(rules, encoding="utf-8")
    return file


def replies(folder: Path, rules: str, request: ReplyRequest) -> list[Part]:
    """The parts of a reply, the pieces of its text joined."""
    parts = pieces(folder, rules, request)
    said = "".join(part.text for part in parts if isinstance(part, TextDelta))
    return [*([TextDelta(said)] if said else []), *(part for part in parts if not isinstance(part, TextDelta))]


def pieces(folder: Path, rules: str, request: ReplyRequest) -> list[Part]:
    script = Script.load(write(folder, rules))

    async def collect() -> list[Part]:
        try:
            return [part async for part in script.reply(request)]
        finally:
            await script.aclose()

    return asyncio.run(collect())
