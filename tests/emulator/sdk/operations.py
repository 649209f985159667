"""The 51 operations of the contract (A2), and for each one call of the `openai` package that carries it out.

The calls are the same for both clients of the package: the asynchronous one answers with something to await.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.emulator.harness import ASK
from tests.emulator.sdk.scene import GUIDE, Scene

INCLUDE: Any = ["step_details.tool_calls[*].file_search.results[*].content"]
_CHUNKS: Any = {"type": "static", "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50}}
_TOOLS: Any = [ASK, {"type": "code_interpreter"}, {"type": "file_search", "file_search": {"max_num_results": 7}}]
_TURN: Any = {"role": "user", "content": [{"type": "text", "text": "hello"}], "metadata": {"k": "v"}}


class Operation(NamedTuple):
    route: str
    object: str
    """What the answer says it is; empty where it is bytes."""
    call: Callable[[Any, Scene], Any]


def _in_run(scene: Scene) -> dict[str, str]:
    return {"thread_id": scene.run["thread_id"], "run_id": scene.run["id"]}


def _outputs(scene: Scene) -> dict[str, Any]:
    run = scene.new_waiting_run()
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": call["id"], "output": "42"} for call in calls]
    return {"run_id": run["id"], "thread_id": run["thread_id"], "tool_outputs": outputs}


def _cancelled_run(client: Any, scene: Scene) -> Any:
    run = scene.new_waiting_run()
    return client.beta.threads.runs.cancel(run["id"], thread_id=run["thread_id"])


def _deleted_message(client: Any, scene: Scene) -> Any:
    message, thread = scene.new_message()
    return client.beta.threads.messages.delete(message, thread_id=thread)


def _completed_upload(client: Any, scene: Scene) -> Any:
    part, upload = scene.new_part()
    return client.uploads.complete(upload, part_ids=[part])


def _listed_stores(client: Any, scene: Scene) -> Any:
    """Only a store with a name: the package says that it has one, the wire shows null where nobody gave any."""
    scene.new_store()
    return client.vector_stores.list(limit=1, order="desc")


def _deleted_store_file(client: Any, scene: Scene) -> Any:
    file, store = scene.new_store_file()
    return client.vector_stores.files.delete(file, vector_store_id=store)


OPERATIONS = (
    # Assistants
    Operation("GET /assistants", "list", lambda c, s: c.beta.assistants.list(limit=5, order="asc")),
    Operation(
        "POST /assistants",
        "assistant",
        lambda c, s: c.beta.assistants.create(
            model="gpt-4o",
            name="Ruf",
            description="A guide",
            instructions="Be brief.",
            tools=_TOOLS,
            tool_resources={"code_interpreter": {"file_ids": [s.file]}},
            metadata={"k": "v"},
            temperature=0.5,
            top_p=0.5,
            reasoning_effort="low",
            response_format={"type": "text"},
        ),
    ),
    Operation("GET /assistants/{assistant}", "assistant", lambda c, s: c.beta.assistants.retrieve(s.assistant)),
    Operation(
        "POST /assistants/{assistant}",
        "assistant",
        lambda c, s: c.beta.assistants.update(s.new_assistant(), name="b", metadata={}, tools=_TOOLS),
    ),
    Operation(
        "DELETE /assistants/{assistant}",
        "assistant.deleted",
        lambda c, s: c.beta.assistants.delete(s.new_assistant()),
    ),
    # Threads
    Operation(
        "POST /threads",
        "thread",
        lambda c, s: c.beta.threads.create(
            messages=[_TURN],
            metadata={"k": "v"},
            tool_resources={"file_search": {"vector_stores": [{"file_ids": [s.file]}]}},
        ),
    ),
    Operation(
        "POST /threads/runs",
        "thread.run",
        lambda c, s: c.beta.threads.create_and_run(
            assistant_id=s.assistant, thread={"messages": [_TURN]}, metadata={"k": "v"}, instructions="Be kind."
        ),
    ),
    Operation("GET /threads/{thread}", "thread", lambda c, s: c.beta.threads.retrieve(s.thread)),
    Operation(
        "POST /threads/{thread}", "thread", lambda c, s: c.beta.threads.update(s.new_thread(), metadata={"k": "v"})
    ),
    Operation("DELETE /threads/{thread}", "thread.deleted", lambda c, s: c.beta.threads.delete(s.new_thread())),
    # Messages
    Operation(
        "GET /threads/{thread}/messages",
        "list",
        lambda c, s: c.beta.threads.messages.list(s.run["thread_id"], run_id=s.run["id"], limit=100, order="desc"),
    ),
    Operation(
        "POST /threads/{thread}/messages",
        "thread.message",
        lambda c, s: c.beta.threads.messages.create(
            s.new_thread(),
            role="user",
            content="hello",
            attachments=[{"file_id": s.file, "tools": [{"type": "code_interpreter"}]}],
            metadata={"k": "v"},
        ),
    ),
    Operation(
        "GET /threads/{thread}/messages/{message}",
        "thread.message",
        lambda c, s: c.beta.threads.messages.retrieve(s.message[0], thread_id=s.message[1]),
    ),
    Operation(
        "POST /threads/{thread}/messages/{message}",
        "thread.message",
        lambda c, s: c.beta.threads.messages.update(s.message[0], thread_id=s.message[1], metadata={"k": "v"}),
    ),
    Operation("DELETE /threads/{thread}/messages/{message}", "thread.message.deleted", _deleted_message),
    # Runs
    Operation(
        "GET /threads/{thread}/runs",
        "list",
        lambda c, s: c.beta.threads.runs.list(s.run["thread_id"], limit=5, order="asc"),
    ),
    Operation(
        "POST /threads/{thread}/runs",
        "thread.run",
        lambda c, s: c.beta.threads.runs.create(
            s.new_thread(),
            assistant_id=s.assistant,
            include=INCLUDE,
            model="gpt-4o-mini",
            instructions="Be kind.",
            additional_instructions="Be brief.",
            additional_messages=[_TURN],
            tools=_TOOLS,
            tool_choice="auto",
            parallel_tool_calls=False,
            temperature=1,
            top_p=1,
            max_prompt_tokens=10_000,
            max_completion_tokens=10_000,
            truncation_strategy={"type": "last_messages", "last_messages": 4},
            response_format="auto",
            reasoning_effort="low",
            metadata={"k": "v"},
        ),
    ),
    Operation(
        "GET /threads/{thread}/runs/{run}", "thread.run", lambda c, s: c.beta.threads.runs.retrieve(**_in_run(s))
    ),
    Operation(
        "POST /threads/{thread}/runs/{run}",
        "thread.run",
        lambda c, s: c.beta.threads.runs.update(**_in_run(s), metadata={"k": "v"}),
    ),
    Operation("POST /threads/{thread}/runs/{run}/cancel", "thread.run", _cancelled_run),
    Operation(
        "POST /threads/{thread}/runs/{run}/submit_tool_outputs",
        "thread.run",
        lambda c, s: c.beta.threads.runs.submit_tool_outputs(**_outputs(s)),
    ),
    # Steps
    Operation(
        "GET /threads/{thread}/runs/{run}/steps",
        "list",
        lambda c, s: c.beta.threads.runs.steps.list(**_in_run(s), include=INCLUDE, limit=5, order="asc"),
    ),
    Operation(
        "GET /threads/{thread}/runs/{run}/steps/{step}",
        "thread.run.step",
        lambda c, s: c.beta.threads.runs.steps.retrieve(s.step, **_in_run(s), include=INCLUDE),
    ),
    # Files
    Operation("GET /files", "list", lambda c, s: c.files.list(purpose="assistants", limit=1000, order="asc")),
    Operation(
        "POST /files",
        "file",
        lambda c, s: c.files.create(
            file=("guide.txt", GUIDE.encode()),
            purpose="user_data",
            expires_after={"anchor": "created_at", "seconds": 3600},
        ),
    ),
    Operation("GET /files/{file}", "file", lambda c, s: c.files.retrieve(s.file)),
    Operation("DELETE /files/{file}", "file", lambda c, s: c.files.delete(s.new_file())),
    Operation("GET /files/{file}/content", "", lambda c, s: c.files.content(s.file)),
    # Uploads
    Operation(
        "POST /uploads",
        "upload",
        lambda c, s: c.uploads.create(
            filename="guide.txt",
            purpose="assistants",
            bytes=10,
            mime_type="text/plain",
            expires_after={"anchor": "created_at", "seconds": 3600},
        ),
    ),
    Operation(
        "POST /uploads/{upload}/parts",
        "upload.part",
        lambda c, s: c.uploads.parts.create(s.new_upload(), data=GUIDE.encode()),
    ),
    Operation("POST /uploads/{upload}/complete", "upload", _completed_upload),
    Operation("POST /uploads/{upload}/cancel", "upload", lambda c, s: c.uploads.cancel(s.new_upload())),
    # Vector stores
    Operation("GET /vector_stores", "list", _listed_stores),
    Operation(
        "POST /vector_stores",
        "vector_store",
        lambda c, s: c.vector_stores.create(
            name="guides",
            description="What guests ask",
            file_ids=[s.file],
            chunking_strategy=_CHUNKS,
            expires_after={"anchor": "last_active_at", "days": 7},
            metadata={"k": "v"},
        ),
    ),
    Operation("GET /vector_stores/{store}", "vector_store", lambda c, s: c.vector_stores.retrieve(s.store_file[1])),
    Operation(
        "POST /vector_stores/{store}",
        "vector_store",
        lambda c, s: c.vector_stores.update(
            s.new_store(), name="b", expires_after={"anchor": "last_active_at", "days": 1}, metadata={"k": "v"}
        ),
    ),
    Operation(
        "DELETE /vector_stores/{store}", "vector_store.deleted", lambda c, s: c.vector_stores.delete(s.new_store())
    ),
    Operation(
        "POST /vector_stores/{store}/search",
        "vector_store.search_results.page",
        lambda c, s: c.vector_stores.search(
            s.store_file[1],
            query=["robotics lab", "laptop"],
            max_num_results=5,
            filters={"type": "and", "filters": [{"type": "gte", "key": "year", "value": 2026}]},
            ranking_options={"ranker": "auto", "score_threshold": 0},
            rewrite_query=False,
        ),
    ),
    # Files of vector stores
    Operation(
        "GET /vector_stores/{store}/files",
        "list",
        lambda c, s: c.vector_stores.files.list(s.store_file[1], filter="completed", limit=5, order="asc"),
    ),
    Operation(
        "POST /vector_stores/{store}/files",
        "vector_store.file",
        lambda c, s: c.vector_stores.files.create(
            s.new_store(), file_id=s.file, attributes={"year": 2026, "open": True}, chunking_strategy=_CHUNKS
        ),
    ),
    Operation(
        "GET /vector_stores/{store}/files/{file}",
        "vector_store.file",
        lambda c, s: c.vector_stores.files.retrieve(s.store_file[0], vector_store_id=s.store_file[1]),
    ),
    Operation(
        "POST /vector_stores/{store}/files/{file}",
        "vector_store.file",
        lambda c, s: c.vector_stores.files.update(
            s.store_file[0], vector_store_id=s.store_file[1], attributes={"year": 2026.5}
        ),
    ),
    Operation("DELETE /vector_stores/{store}/files/{file}", "vector_store.file.deleted", _deleted_store_file),
    Operation(
        "GET /vector_stores/{store}/files/{file}/content",
        "vector_store.file_content.page",
        lambda c, s: c.vector_stores.files.content(s.store_file[0], vector_store_id=s.store_file[1]),
    ),
    # File batches
    Operation(
        "POST /vector_stores/{store}/file_batches",
        "vector_store.files_batch",
        lambda c, s: c.vector_stores.file_batches.create(
            s.new_store(), file_ids=[s.file], attributes={"year": 2026}, chunking_strategy=_CHUNKS
        ),
    ),
    Operation(
        "GET /vector_stores/{store}/file_batches/{batch}",
        "vector_store.files_batch",
        lambda c, s: c.vector_stores.file_batches.retrieve(s.batch[0], vector_store_id=s.batch[1]),
    ),
    Operation(
        "POST /vector_stores/{store}/file_batches/{batch}/cancel",
        "vector_store.files_batch",
        lambda c, s: c.vector_stores.file_batches.cancel(s.batch[0], vector_store_id=s.batch[1]),
    ),
    Operation(
        "GET /vector_stores/{store}/file_batches/{batch}/files",
        "list",
        lambda c, s: c.vector_stores.file_batches.list_files(
            s.batch[0], vector_store_id=s.batch[1], filter="completed", limit=5, order="asc"
        ),
    ),
    # Models
    Operation("GET /models", "list", lambda c, s: c.models.list()),
    Operation("GET /models/{model}", "model", lambda c, s: c.models.retrieve("gpt-4o")),
    Operation("DELETE /models/{model}", "model", lambda c, s: c.models.delete(s.new_model())),
)
