"""TapeTransport: HTTP as values and back, without delaying or changing anything on its way."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from asstctl.core.errors import TapeMissing
from asstctl.core.tape import Answering, Asking, StreamedEvent
from asstctl.net.sse import EventReader, event_bytes
from asstctl.net.tape import DeckTransport, NoWayOut, TapeTransport, through
from asstctl.net.tape_body import body_reader

BASE = "https://example.org/v1"

pytestmark = pytest.mark.anyio


@dataclass
class Spy:
    """A deck that remembers, or that gives out one answer."""

    answer: Answering | None = None
    real: bool = False
    asked_for: list[Asking] = field(default_factory=list)
    kept: dict[int, tuple[Asking, Answering]] = field(default_factory=dict)
    places: int = 0
    time: float = 0.0

    @property
    def replays(self) -> bool:
        return self.answer is not None

    def now(self) -> float:
        return self.time

    def play(self, asking: Asking) -> Answering:
        self.asked_for.append(asking)
        assert self.answer is not None
        self.time += self.answer.seconds
        return self.answer

    def passed(self, seconds: float) -> None:
        self.time += seconds

    def asked(self) -> int:
        self.places += 1
        return self.places - 1

    def keep(self, place: int, asking: Asking, answering: Answering) -> None:
        self.kept[place] = (asking, answering)


class Pieces(httpx2.AsyncByteStream):
    """A body in pieces; an error among them is raised, and between two of them the deck's clock moves on."""

    def __init__(self, deck: Spy, *pieces: bytes | Exception) -> None:
        self.deck = deck
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.deck.time += 1
            if isinstance(piece, Exception):
                raise piece
            yield piece


def client(deck: Spy, answer: Callable[[httpx2.Request], httpx2.Response] | None = None) -> httpx2.AsyncClient:
    inner = NoWayOut() if answer is None else httpx2.MockTransport(answer)
    return httpx2.AsyncClient(transport=TapeTransport(inner, deck, BASE), base_url=BASE)


async def test_a_request_is_method_path_query_and_body() -> None:
    """Below the base URL, the query sorted, the path as people read it, and no header at all."""
    deck = Spy()
    async with client(deck, lambda _: httpx2.Response(200, json={"id": "x"})) as http:
        await http.post(
            "/threads/a%23b", params={"b": "2", "a": "1"}, json={"n": 1}, headers={"authorization": "Bearer k"}
        )

    asking, answering = deck.kept[0]
    assert asking == Asking("POST", "/threads/a#b", (("a", "1"), ("b", "2")), {"n": 1})
    assert answering == Answering(200, 0.0, {"content-type": "application/json"}, {"id": "x"})


async def test_an_answer_keeps_of_its_headers_what_says_how_to_read_it() -> None:
    """Cookies, organisations and request ids stay where they came from."""
    deck = Spy()
    headers = {"set-cookie": "s=1", "openai-organization": "o", "x-request-id": "r", "content-type": "application/json"}
    async with client(deck, lambda _: httpx2.Response(200, content=b"{}", headers=headers)) as http:
        assert (await http.get("/x")).headers["x-request-id"] == "r"

    assert deck.kept[0][1].headers == {"content-type": "application/json"}


async def test_a_compressed_answer_is_kept_and_passed_on_as_it_reads() -> None:
    """Whoever asked gets what it would have read."""
    deck = Spy()
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    async with client(
        deck, lambda _: httpx2.Response(200, content=gzip.compress(b'{"a": 1}'), headers=headers)
    ) as http:
        assert (await http.get("/x")).json() == {"a": 1}

    assert deck.kept[0][1].body == {"a": 1}


async def test_a_stream_goes_on_as_it_comes_and_is_kept_with_its_times() -> None:
    """Each piece is read before the next one is there, and events that are cut in pieces are whole on the tape."""
    deck = Spy()
    stream = Pieces(deck, b"event: a\ndata: 1\n\nevent: b\n", b'data: {"x":\ndata: 2}\n\n', b"data: [DONE]\n\n")
    answer = httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)
    async with client(deck, lambda _: answer) as http, http.stream("POST", "/runs", json={}) as response:
        heard = [deck.time async for _ in response.aiter_raw()]

    assert heard == [1, 2, 3]
    _, answering = deck.kept[0]
    assert not answering.truncated
    assert answering.events == (
        StreamedEvent(1, "a", "1"),
        StreamedEvent(2, "b", '{"x":\n2}'),
        StreamedEvent(3, "", "[DONE]"),
    )


async def test_a_stream_that_breaks_off_is_kept_as_broken() -> None:
    """It is an error, not a short answer; half of a JSON text is nothing."""
    deck = Spy()
    types = iter(["text/event-stream", "application/json"])

    def answer(_: httpx2.Request) -> httpx2.Response:
        broken = Pieces(deck, b"data: 1\n\n", httpx2.ReadError("gone"))
        return httpx2.Response(200, headers={"content-type": next(types)}, stream=broken)

    async with client(deck, answer) as http:
        for _ in range(2):
            with pytest.raises(httpx2.ReadError):
                await http.post("/runs", json={})

    assert list(deck.kept) == [0]
    assert deck.kept[0][1].truncated


async def test_whoever_stops_reading_a_stream_has_heard_enough() -> None:
    """What it heard is on the tape, and is no broken stream."""
    deck = Spy()
    stream = Pieces(deck, b"data: 1\n\n", b"data: 2\n\n")
    answer = httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)
    async with client(deck, lambda _: answer) as http, http.stream("POST", "/runs") as response:
        async for _ in response.aiter_raw():
            break

    assert [one.data for one in deck.kept[0][1].events] == ["1"]
    assert not deck.kept[0][1].truncated


async def test_a_replay_sends_nothing_and_says_that_nothing_is_worth_waiting_for() -> None:
    """The answer is the tape's; whoever polls or repeats does it at once."""
    deck = Spy(Answering(201, 2.5, {"content-type": "application/json"}, {"id": "thread#1"}))
    async with client(deck) as http:
        response = await http.post("/threads", json={"a": "é"})

    assert deck.asked_for == [Asking("POST", "/threads", (), {"a": "é"})]
    assert (response.status_code, response.json()) == (201, {"id": "thread#1"})
    assert response.headers["openai-poll-after-ms"] == "0"
    assert deck.now() == 2.5


async def test_a_replayed_stream_moves_the_clock_event_by_event() -> None:
    """Whoever looks at the clock after the first text sees when it came."""
    events = (StreamedEvent(0.5, "a", "1"), StreamedEvent(2.0, "b", "x\ny"))
    deck = Spy(Answering(200, 1.0, {"content-type": "text/event-stream"}, events=events))
    async with client(deck) as http, http.stream("POST", "/runs", json={}) as response:
        heard = [(deck.now(), piece) async for piece in response.aiter_bytes()]

    assert heard == [(1.5, b"event: a\ndata: 1\n\n"), (3.0, b"event: b\ndata: x\ndata: y\n\n")]


async def test_a_broken_stream_is_replayed_as_broken() -> None:
    """After what had come."""
    deck = Spy(Answering(200, 0.0, events=(StreamedEvent(0, "a", "1"),), truncated=True))
    async with client(deck) as http, http.stream("POST", "/runs") as response:
        pieces = response.aiter_bytes()
        assert await anext(pieces) == b"event: a\ndata: 1\n\n"
        with pytest.raises(httpx2.ReadError):
            await anext(pieces)


async def test_a_replay_in_real_time_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seconds before the answer, and those between its events."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def sleeping(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleeping)
    events = (StreamedEvent(0.5, "", "1"), StreamedEvent(2.0, "", "2"))
    deck = Spy(Answering(200, 1.0, events=events), real=True)
    async with client(deck) as http:
        await http.post("/runs")

    assert slept == [1.0, 0.5, 1.5]


async def test_a_file_in_a_form_is_its_name_size_and_digest() -> None:
    """In both directions alike, whatever its boundary; what is sent is what would have been."""
    content = b"\r\n--nearly\r\n" * 1000
    seen: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.content)
        return httpx2.Response(200, json={})

    recording, replaying = Spy(), Spy(Answering(200, 0.0, body={}))
    for deck in (recording, replaying):
        async with client(deck, answer) as http:
            files = {"file": ("p.pdf", content, "application/pdf"), "empty": ("e", b"", "text/plain")}
            await http.post("/files", data={"purpose": "assistants"}, files=files)

    body = {
        "purpose": "assistants",
        "file": {"name": "p.pdf", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        "empty": {"name": "e", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()},
    }
    assert recording.kept[0][0].body == body
    assert replaying.asked_for[0].body == body
    assert content in seen[0]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_a_form_may_come_in_pieces_of_any_size(size: int) -> None:
    """A boundary may be cut anywhere."""
    form = (
        b'--B\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--B\r\ncontent-disposition: form-data; name="a"'
    )
    form += b'\r\n\r\n\r\n--B\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n\r\n--\r\n--B--\r\nrest'
    reader = body_reader('multipart/form-data; boundary="B"')
    for start in range(0, len(form), size):
        reader.feed(form[start : start + size])

    digest = hashlib.sha256(b"\r\n--").hexdigest()
    assert reader.value() == {"a": ["1", ""], "f": {"name": "x", "size": 4, "sha256": digest}}


@pytest.mark.parametrize(
    ("kind", "content", "size"),
    [("application/octet-stream", b"\0", 1), ("text/html", b"<h1>", 4), ("application/json", b"{nonsense", 9)],
)
def test_what_is_no_json_is_known_by_its_digest(kind: str, content: bytes, size: int) -> None:
    """Nothing of it is kept."""
    reader = body_reader(kind)
    reader.feed(content)

    assert reader.value() == {"size": size, "sha256": hashlib.sha256(content).hexdigest()}


def test_no_body_is_nothing() -> None:
    """Of whatever type."""
    assert body_reader("").value() is None
    assert body_reader("text/html").value() is None


async def test_beyond_the_tape_there_is_nobody() -> None:
    """Whatever is asked."""
    async with httpx2.AsyncClient(transport=NoWayOut()) as http:
        with pytest.raises(TapeMissing, match="nothing is sent"):
            await http.get("https://example.org/v1/threads")


def _cuts(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_events_may_come_in_pieces_of_any_size(size: int) -> None:
    """Line ends of every kind, comments, fields that nobody needs, letters cut in half."""
    content = ": hi\r\nevent: é\r\nid: 7\r\ndata:1\r\ndata:  2\r\n\r\n".encode()
    content += b"data: x\r\rdata: y\n\n\n\nevent: none\n\ndata: cut"
    reader = EventReader()
    heard = [event for piece in _cuts(content, size) for event in reader.feed(piece)]

    assert heard == [("é", "1\n 2"), ("", "x"), ("", "y")]


def test_an_event_is_read_as_it_was_written() -> None:
    """Of several lines and none."""
    for event, data in (("a", "1\n2"), ("", ""), ("é", "\n")):
        assert list(EventReader().feed(event_bytes(event, data))) == [(event, data)]


async def test_one_client_serves_many_decks_at_once() -> None:
    """Each request goes through the deck of whoever asks, and without one it is only sent."""
    decks = [Spy() for _ in range(3)]

    async def answer(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0)
        return httpx2.Response(200, json={"path": request.url.path})

    async def ask(deck: Spy | None, number: int) -> None:
        for turn in range(3):
            with through(deck):
                await http.get(f"/{number}/{turn}")

    async with httpx2.AsyncClient(transport=DeckTransport(httpx2.MockTransport(answer), BASE), base_url=BASE) as http:
        await asyncio.gather(*(ask(deck, number) for number, deck in enumerate([*decks, None])))

    heard = [[asking.path for asking, _ in deck.kept.values()] for deck in decks]
    assert heard == [[f"/{number}/{turn}" for turn in range(3)] for number in range(3)]
