"""Objects for operations to act on, made over plain HTTP, so that what is recorded of the SDK is only the SDK's."""

import time
from functools import cached_property
from itertools import count
from typing import Any

import httpx2

from tests.emulator.harness import ASK, AT_REST

Json = Any

GUIDE = "The robotics lab meets on Wednesday at four. Bring a laptop and a notebook.\n"
_PATIENCE = 10.0
"""Seconds until something that the server does in the background must be over."""


class Scene:
    """What is a property is made once and never changed; what is a method is made anew for each caller to spend."""

    def __init__(self, url: str) -> None:
        self._number = count()
        self._http = httpx2.Client(base_url=url, headers={"openai-beta": "assistants=v2"})

    def close(self) -> None:
        self._http.close()

    def get(self, path: str) -> Json:
        return self._good(self._http.get(path))

    def post(self, path: str, body: Json = None) -> Json:
        return self._good(self._http.post(path, json=body))

    @staticmethod
    def _good(response: httpx2.Response) -> Json:
        assert response.status_code == 200, f"{response.request.method} {response.request.url}: {response.text}"
        return response.json()

    def new_assistant(self) -> str:
        return self._id(self.post("/assistants", {"model": "gpt-4o", "instructions": "Be brief.", "tools": [ASK]}))

    def new_thread(self, text: str = "hello") -> str:
        return self._id(self.post("/threads", {"messages": [{"role": "user", "content": text}]}))

    def new_message(self) -> tuple[str, str]:
        thread = self.new_thread()
        return self._id(self.post(f"/threads/{thread}/messages", {"role": "user", "content": "more"})), thread

    def new_waiting_run(self) -> Json:
        """A run in requires_action."""
        return self._run(tool_choice="required")

    def _run(self, **options: Json) -> Json:
        body = {"assistant_id": self.assistant, **options}
        run = self.post(f"/threads/{self.new_thread()}/runs", body)
        return self._when(f"/threads/{run['thread_id']}/runs/{run['id']}", AT_REST)

    def new_file(self, purpose: str = "assistants") -> str:
        sent = {"file": ("guide.txt", GUIDE.encode(), "text/plain")}
        return self._id(self._good(self._http.post("/files", data={"purpose": purpose}, files=sent)))

    def new_upload(self) -> str:
        size = len(GUIDE.encode())
        body = {"filename": "guide.txt", "purpose": "assistants", "bytes": size, "mime_type": "text/plain"}
        return self._id(self.post("/uploads", body))

    def new_part(self) -> tuple[str, str]:
        upload = self.new_upload()
        sent = {"data": ("part", GUIDE.encode(), "application/octet-stream")}
        return self._id(self._good(self._http.post(f"/uploads/{upload}/parts", files=sent))), upload

    def new_store(self) -> str:
        return self._id(self.post("/vector_stores", {"name": "guides"}))

    def new_store_file(self) -> tuple[str, str]:
        """A file and the store that it was taken into."""
        file, store = self.new_file(), self.new_store()
        self.post(f"/vector_stores/{store}/files", {"file_id": file, "attributes": {"year": 2026, "open": True}})
        self._when(f"/vector_stores/{store}/files/{file}", ("completed",))
        return file, store

    def new_batch(self) -> tuple[str, str]:
        store = self.new_store()
        return self._id(self.post(f"/vector_stores/{store}/file_batches", {"file_ids": [self.new_file()]})), store

    def new_model(self) -> str:
        """A fine-tuned model, which the server knows because an assistant names it."""
        return str(self.post("/assistants", {"model": f"ft:gpt-4o-mini:school:tutor:{next(self._number)}"})["model"])

    @cached_property
    def assistant(self) -> str:
        return self.new_assistant()

    @cached_property
    def thread(self) -> str:
        return self.new_thread()

    @cached_property
    def message(self) -> tuple[str, str]:
        return self.new_message()

    @cached_property
    def run(self) -> Json:
        """A run that is over."""
        run = self._run()
        assert run["status"] == "completed", run["last_error"]
        return run

    @cached_property
    def step(self) -> str:
        steps = self.get(f"/threads/{self.run['thread_id']}/runs/{self.run['id']}/steps")
        return self._id(steps["data"][0])

    @cached_property
    def file(self) -> str:
        return self.new_file()

    @cached_property
    def store_file(self) -> tuple[str, str]:
        return self.new_store_file()

    @cached_property
    def batch(self) -> tuple[str, str]:
        return self.new_batch()

    def _when(self, path: str, statuses: tuple[str, ...]) -> Json:
        deadline = time.monotonic() + _PATIENCE
        while (found := self.get(path))["status"] not in statuses:
            assert time.monotonic() < deadline, found
            time.sleep(0.005)
        return found

    @staticmethod
    def _id(made: Json) -> str:
        return str(made["id"])
