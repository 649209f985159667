"""Spans as a collector sees them: the tree of an apply, and of conversations that are had at once."""

import asyncio
import logging
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from asstctl.core import spans
from asstctl.core.address import Address
from asstctl.core.change import Action
from asstctl.core.errors import Refused
from asstctl.core.trace_wish import Wish
from asstctl.core.tracing import UNTRACED, Begun
from asstctl.net.observed import ObservedTransport
from asstctl.workspace import open_telemetry
from asstctl.workspace.apply import Conduct, apply
from asstctl.workspace.conversations import options
from asstctl.workspace.conversations.test import test as talk
from asstctl.workspace.open_telemetry import OpenTelemetryTracer, opened
from asstctl.workspace.plan import plan
from asstctl.workspace.workspace import Workspace

pytestmark = pytest.mark.anyio

FILES = {
    "asstctl.yaml": """
        version: 1
        project: school
        targets: {local: {provider: local, replies: {script: clerk.replies.yaml}}}
        """,
    "clerk.replies.yaml": """
        rules:
          - {tool: look_up, say: "It is {{ output }}."}
          - {user: "order (\\\\w+)", call: {look_up: {order: "{{ match.1 }}"}}}
          - {user: "^hello", say: "Hello to you."}
        """,
    "assistants/clerk.yaml": """
        kind: assistant
        key: clerk
        name: Clerk
        model: gpt-4o
        instructions: The word is heliotrope.
        tools: [{type: function, function: look_up}]
        ---
        kind: function
        key: look_up
        description: Looks an order up.
        parameters: {type: object, properties: {order: {type: string}}, required: [order]}
        """,
    "assistants/both.convo.yaml": """
        assistant: clerk
        stubs: {look_up: {return: {state: sent}}}
        conversations:
          - id: first
            turns: [{user: order A1 of Ms Marigold, expect: {icontains: sent}}, {user: hello}]
          - id: second
            turns: [{user: order B2 of Ms Marigold, expect: {icontains: lost}}]
        """,
}


class Seen:
    """A tracer whose spans stay in memory."""

    def __init__(self, environ: Mapping[str, str] | None = None, hosts: frozenset[str] = frozenset()) -> None:
        self._kept = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._kept))
        self.tracer = OpenTelemetryTracer(provider.get_tracer("tests"), environ or {}, hosts)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._kept.get_finished_spans()

    def named(self, name: str) -> ReadableSpan:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def tree(self, *, without: tuple[str, ...] = ()) -> list[str]:
        """Each span as the path of names that leads to it, sorted."""
        by_id = {span.context.span_id: span for span in self.spans if span.context}

        def path(span: ReadableSpan) -> str:
            above = by_id.get(span.parent.span_id) if span.parent else None
            return f"{path(above)} > {span.name}" if above else span.name

        return sorted(path(span) for span in self.spans if not span.name.startswith(without or ("\0",)))

    def everything(self) -> str:
        return "".join(span.to_json() for span in self.spans)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
    return Workspace(tmp_path)


async def test_an_apply_is_a_tree_of_reading_planning_and_changes(workspace: Workspace) -> None:
    """Requests stand below what they are sent for; a second plan changes nothing."""
    seen = Seen()
    workspace = replace(workspace, tracer=seen.tracer)

    with seen.tracer.span(spans.command("apply")):
        applied = await apply(workspace, Conduct(approve=lambda plan: True))

    assert applied.exit_code == 0
    root = "asstctl apply"
    assert seen.tree() == [
        root,
        f"{root} > GET /v1/assistants",  # the listing that proves that what was made is there once
        f"{root} > create_agent clerk",
        f"{root} > create_agent clerk > POST /v1/assistants",
        f"{root} > plan local",
        f"{root} > read local",
        f"{root} > read local > GET /v1/assistants",
        f"{root} > read local > GET /v1/vector_stores",
    ]
    made = seen.named("create_agent clerk")
    (id,) = [change.remote_id for change in (await plan(workspace)).changes]
    assert made.kind is SpanKind.CLIENT
    assert made.attributes == {
        "gen_ai.operation.name": "create_agent",
        "gen_ai.provider.name": "local",
        "gen_ai.agent.name": "clerk",
        "gen_ai.agent.id": id,
        "gen_ai.request.model": "gpt-4o",
        "asstctl.address": "assistant.clerk",
        "asstctl.action": "create",
        "asstctl.outcome": "applied",
    }
    assert (await plan(workspace)).pending == ()


async def test_conversations_that_are_had_at_once_are_trees_of_their_own(workspace: Workspace) -> None:
    """Every turn, call and request is below its own conversation."""
    seen = Seen()
    workspace = replace(workspace, tracer=seen.tracer)

    with seen.tracer.span(spans.command("test")):
        suite = await talk(workspace, options.Testing(jobs=2))

    assert [case.status.value for case in suite.cases] == ["passed", "failed"]
    root, thread, run = "asstctl test", "/v1/threads/{id}", "/v1/threads/{id}/runs"
    first, second = f"{root} > conversation clerk/first", f"{root} > conversation clerk/second"
    assert [path for path in seen.tree(without=("GET",)) if "conversation" in path] == sorted(
        [
            *(
                one
                for each in (first, second)
                for one in (each, f"{each} > POST /v1/threads", f"{each} > DELETE {thread}")
            ),
            *(f"{each} > invoke_agent clerk" for each in (first, first, second)),
            *(f"{each} > invoke_agent clerk > POST {run}" for each in (first, first, second)),
            f"{first} > invoke_agent clerk > POST {thread}/messages",
            *(f"{each} > invoke_agent clerk > execute_tool look_up" for each in (first, second)),
            *(f"{each} > invoke_agent clerk > POST {run}/{{id}}/submit_tool_outputs" for each in (first, second)),
        ]
    )
    trees = {span.context.trace_id for span in seen.spans if span.context}
    assert len(trees) == 1


async def test_a_turn_names_its_agent_its_thread_its_model_and_its_tokens(workspace: Workspace) -> None:
    seen = Seen()

    await talk(replace(workspace, tracer=seen.tracer), options.Testing(jobs=2))

    turns = [span for span in seen.spans if span.name == "invoke_agent clerk"]
    assert {span.kind for span in turns} == {SpanKind.CLIENT}
    for span in turns:
        held = {**(span.attributes or {})}
        assert held["gen_ai.operation.name"] == "invoke_agent"
        assert held["gen_ai.provider.name"] == "local"
        assert held["gen_ai.agent.name"] == "clerk"
        assert str(held["gen_ai.agent.id"]).startswith("asst_")
        assert str(held["gen_ai.conversation.id"]).startswith("thread_")
        assert held["gen_ai.request.model"] == "gpt-4o"
        assert int(str(held["gen_ai.usage.input_tokens"])) > 0
        assert int(str(held["gen_ai.usage.output_tokens"])) > 0
    assert sorted(str((span.attributes or {}).get("error.type", "")) for span in turns) == ["", "", "text"]
    call = next(span for span in seen.spans if span.name == "execute_tool look_up")
    held = {**(call.attributes or {})}
    assert str(held.pop("gen_ai.tool.call.id")).startswith("call_")
    assert held == {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "look_up",
        "gen_ai.tool.type": "function",
    }
    outcomes = {
        span.name: (span.attributes or {})["test.case.result.status"] for span in seen.spans if "conv" in span.name
    }
    assert outcomes == {"conversation clerk/first": "pass", "conversation clerk/second": "fail"}


async def test_no_span_holds_what_was_said_or_answered(workspace: Workspace) -> None:
    """Neither instructions nor messages, arguments, outputs or replies."""
    seen = Seen()
    workspace = replace(workspace, tracer=seen.tracer)

    await apply(workspace, Conduct(approve=lambda plan: True))
    await talk(workspace, options.Testing())

    held = seen.everything()
    assert "create_agent clerk" in held
    assert [word for word in ("heliotrope", "Marigold", "sent", "Hello to you", "Looks an") if word in held] == []
    assert (await plan(workspace)).pending == ()


async def test_an_error_is_noted_by_its_code_alone() -> None:
    seen = Seen()
    for error in (Refused("the key sk-123 is wrong"), ValueError("sk-123"), asyncio.CancelledError("sk-123")):
        with pytest.raises(type(error)), seen.tracer.span(Begun(type(error).__name__)):
            raise error

    noted = {span.name: (span.status.status_code, (span.attributes or {})["error.type"]) for span in seen.spans}
    assert noted == {
        "Refused": (StatusCode.ERROR, "refused"),
        "ValueError": (StatusCode.ERROR, "ValueError"),
        "CancelledError": (StatusCode.ERROR, "CancelledError"),
    }
    assert "sk-123" not in seen.everything()


async def test_a_request_that_is_refused_or_lost_is_an_error() -> None:
    seen = Seen()
    answers = iter((httpx2.Response(404, headers={"x-request-id": "req_9"}), httpx2.ConnectError("no")))

    def answer(request: httpx2.Request) -> httpx2.Response:
        one = next(answers)
        if isinstance(one, Exception):
            raise one
        return one

    transport = ObservedTransport(httpx2.MockTransport(answer), lambda what: None, tracer=seen.tracer)
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get("http://127.0.0.1:9/v1/threads/thread_1?q=sk-123")
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9/v1/threads/thread_1")

    refused, lost = seen.spans
    assert refused.name == "GET /v1/threads/{id}"
    assert refused.attributes == {
        "http.request.method": "GET",
        "url.path": "/v1/threads/thread_1",
        "url.template": "/v1/threads/{id}",
        "server.address": "127.0.0.1",
        "server.port": 9,
        "http.response.status_code": 404,
        "asstctl.request_id": "req_9",
        "error.type": "404",
    }
    assert (lost.attributes or {})["error.type"] == "ConnectError"


@pytest.mark.parametrize(
    "hosts, told", [(frozenset(), False), (frozenset({"other.test"}), False), (frozenset({"mine.test"}), True)]
)
async def test_only_a_host_that_is_named_is_told_of_the_trace(hosts: frozenset[str], told: bool) -> None:
    """By `traceparent`, and by no other header."""
    seen, requests = Seen(hosts=hosts), list[httpx2.Request]()

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200)

    transport = ObservedTransport(httpx2.MockTransport(answer), lambda what: None, tracer=seen.tracer)
    async with httpx2.AsyncClient(transport=transport) as client:
        await client.get("http://mine.test/v1/models")

    (request,) = requests
    (span,) = seen.spans
    assert span.context
    expected = f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}"
    assert request.headers.get("traceparent", "")[:-3] == (expected if told else "")
    assert "tracestate" not in request.headers
    assert "baggage" not in request.headers


async def test_a_run_inside_of_a_traced_job_belongs_to_it() -> None:
    """A CI service names its span in TRACEPARENT."""
    seen = Seen({"TRACEPARENT": f"00-{'a' * 32}-{'b' * 16}-01"})

    with seen.tracer.span(spans.command("plan")), seen.tracer.span(spans.planning("local", "local")):
        pass

    inner, outer = seen.spans
    assert outer.parent
    assert inner.parent
    assert outer.context
    assert (outer.parent.trace_id, outer.parent.span_id) == (int("a" * 32, 16), int("b" * 16, 16))
    assert inner.parent.span_id == outer.context.span_id


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/assistants", "/v1/assistants"),
        ("/v1/assistants/asst_1", "/v1/assistants/{id}"),
        ("/v1/threads/thread_1/runs/run_1/submit_tool_outputs", "/v1/threads/{id}/runs/{id}/submit_tool_outputs"),
        ("/openai/v1/vector_stores/vs_1/files/file-1", "/openai/v1/vector_stores/{id}/files/{id}"),
        ("/repos/o/r/pulls/5/files", "/repos/o/r/pulls/{id}/files"),
        ("/", "/"),
    ],
)
def test_a_path_is_named_without_its_ids(path: str, template: str) -> None:
    assert spans.template_of(path) == template


def test_what_becomes_of_other_kinds_is_no_operation_of_an_agent() -> None:
    begun = spans.change(Address("vector_store", "docs"), Action.CREATE, "local")
    assert begun.name == "create vector_store.docs"
    assert "gen_ai.operation.name" not in begun.attributes


@pytest.mark.parametrize(
    ("wish", "environ"),
    [
        (Wish.IF_THERE, {}),
        (Wish.IF_POSSIBLE, {"OTEL_TRACES_EXPORTER": "carrier_pigeon"}),
        (Wish.IF_POSSIBLE, {"OTEL_EXPORTER_OTLP_PROTOCOL": "carrier/pigeon"}),
    ],
)
def test_what_is_not_there_is_not_missed_unless_it_is_wanted(wish: Wish, environ: Mapping[str, str]) -> None:
    assert opened(environ, hosts=frozenset(), told=lambda text: None, wish=wish) is UNTRACED
    if environ:
        with pytest.raises(Refused, match="nothing can be traced") as caught:
            opened(environ, hosts=frozenset(), told=lambda text: None, wish=Wish.YES)
        assert "pip install 'asstctl[otel]'" in caught.value.hint


def test_a_standard_variable_that_cannot_be_used_ends_a_command_only_where_traces_are_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "canary")
    environ, said = {"OTEL_TRACES_EXPORTER": "console"}, list[str]()
    assert opened(environ, hosts=frozenset(), told=said.append, wish=Wish.IF_POSSIBLE) is UNTRACED
    assert said == ["nothing is traced: a variable OTEL_... holds what OpenTelemetry does not take (ValueError)"]
    with pytest.raises(Refused, match="nothing can be traced") as caught:
        opened(environ, hosts=frozenset(), told=said.append, wish=Wish.YES)
    assert "canary" not in f"{caught.value.detail}{caught.value.hint}"


def test_what_the_library_says_of_a_variable_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would print the value, which may be a key: that of OTEL_EXPORTER_OTLP_HEADERS, say."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "canary")
    said = list[str]()
    tracer = opened({"OTEL_TRACES_EXPORTER": "console"}, hosts=frozenset(), told=said.append, wish=Wish.YES)
    tracer.close()
    assert said == ["a variable OTEL_... holds what OpenTelemetry does not take, and it goes on without that"]
    assert "canary" not in capsys.readouterr().err


def test_a_collector_that_is_gone_holds_nothing_up_and_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither by waiting for it nor by what the library says of it, which may be anybody's words."""
    monkeypatch.setattr(open_telemetry, "PATIENCE", 0.01)
    gone, told = Event(), list[str]()
    library = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    OpenTelemetryTracer(library, told=told.append, finish=gone.wait).close()
    gone.set()
    monkeypatch.setattr(open_telemetry, "PATIENCE", 5.0)
    complaint = partial(logging.getLogger("opentelemetry.exporter").error, "503 from https://me:sk@host")
    OpenTelemetryTracer(library, told=told.append, finish=complaint).close()
    OpenTelemetryTracer(library, told=told.append, finish=lambda: None).close()

    assert told == ["not all of the trace was sent: its collector does not take it"] * 2
    assert capsys.readouterr().err == ""
