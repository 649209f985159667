"""One object of every kind that a server can hold, by the names that tables of requests use for them."""

from typing import Any

from tests.emulator.harness import ASK, Api

Json = Any
Names = dict[str, str]

GUIDE = b"The robotics lab meets on Wednesday at four.\n"


async def whole_world(api: Api) -> Names:
    """Ids: `{thread}`, `{run}` and so on; the run is completed, the batch too."""
    assistant, thread = await api.assistant(tools=[ASK]), await api.thread("hello")
    run = await api.run(thread["id"], assistant["id"])
    message = await api.get(f"/threads/{thread['id']}/messages", order="asc")
    steps = await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps")
    file = await api.file("guide.txt", GUIDE)
    store = await api.post("/vector_stores", {"name": "guides"})
    batch = await api.post(f"/vector_stores/{store['id']}/file_batches", {"file_ids": [file["id"]]})
    await at_rest(api, f"/vector_stores/{store['id']}/file_batches/{batch['id']}")
    upload = {"filename": "a.txt", "purpose": "assistants", "bytes": 5, "mime_type": "text/plain"}
    return {
        "assistant": assistant["id"],
        "thread": thread["id"],
        "message": message["first_id"],
        "run": run["id"],
        "step": steps["first_id"],
        "file": file["id"],
        "upload": (await api.post("/uploads", upload))["id"],
        "store": store["id"],
        "batch": batch["id"],
    }


async def at_rest(api: Api, path: str) -> Json:
    """A file of a store, or a batch of them, once it was taken in."""
    return await api.until_at(path, lambda shown: shown["status"] != "in_progress")


def filled(template: Json, names: Names) -> Json:
    """A path or body with the names in it replaced by ids."""
    if isinstance(template, str):
        for name, found in names.items():
            template = template.replace(f"{{{name}}}", found)
        return template
    if isinstance(template, list):
        return [filled(item, names) for item in template]
    if isinstance(template, dict):
        return {key: filled(item, names) for key, item in template.items()}
    return template
