"""The files that a run's model and its code are given: pictures in messages, files of the code interpreter."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from asstctl.emulator.files.download import content_type
from asstctl.emulator.files.lookup import existing_file
from asstctl.emulator.replies.values import Image
from asstctl.emulator.services import Services
from asstctl.emulator.store import Body


def images_in(services: Services, message: Body) -> tuple[Image, ...]:
    """The pictures in a message. One whose file was deleted since is left out."""
    return tuple(_images(services, message))


def _images(services: Services, message: Body) -> Iterator[Image]:
    for part in message["content"]:
        match part["type"]:
            case "image_url":
                yield Image(url=part["image_url"]["url"], detail=part["image_url"]["detail"])
            case "image_file":
                file = existing_file(services, part["image_file"]["file_id"])
                if file is not None:
                    path = services.blobs.path(file["id"])
                    kind = content_type(file["filename"])
                    media_type = kind if kind.startswith("image/") else ""
                    yield Image(path=path, media_type=media_type, detail=part["image_file"]["detail"])


def run_files(services: Services, run: Body, thread: Body) -> list[tuple[str, Path]]:
    """The files that code of a run can read, each under a name of its own."""
    held = [each["tool_resources"].get("code_interpreter", {}) for each in (run, thread)]
    names: set[str] = set()
    files = []
    for file_id in dict.fromkeys(each for tool in held for each in tool.get("file_ids", ())):
        file = existing_file(services, file_id)
        if file is not None:
            name = _unused(file["filename"], names)
            names.add(name)
            files.append((name, services.blobs.path(file_id)))
    return files


def _unused(name: str, used: set[str]) -> str:
    path, number = PurePosixPath(name), 1
    while name in used:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    return name
