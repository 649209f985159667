"""How quick the embedded server is: through a socket beside a server that always says the same, and in this process.

The load comes from another process over raw sockets (`wire.py`), so that no client library is measured with it.
"""

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from asstctl.emulator import open_emulator
from asstctl.emulator.objects import MESSAGE, THREAD
from asstctl.emulator.objects.message import text_part
from asstctl.emulator.runs.history import store_message
from asstctl.emulator.store import Store
from tests.bench.server import ROOT
from tests.bench.wire import Connection, Load, summed

CLIENTS = 20
SECONDS = 3.0
RUNS = 5
MESSAGES = 100_000
CHUNKS = 10_000
Request = Mapping[str, Any]


class Served:
    """A server in a process of its own, seen from here."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._pid = pid
        self.http = httpx2.Client(base_url=url, timeout=300)

    def post(self, path: str, body: Any = None) -> Any:
        return self.http.post(path, json=body).raise_for_status().json()

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query).raise_for_status().json()

    def memory(self, what: str) -> float:
        """MiB that are resident now (`VmRSS`) or were at most (`VmHWM`)."""
        lines = Path(f"/proc/{self._pid}/status").read_text("utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


@contextmanager
def process(*module: str) -> Iterator[Served]:
    """A server until the block ends."""
    with subprocess.Popen([sys.executable, "-m", *module], stdout=subprocess.PIPE, text=True, cwd=ROOT) as started:
        assert started.stdout is not None
        line = started.stdout.readline()
        assert line.startswith("listening on "), line
        served = Served(line.removeprefix("listening on ").strip(), started.pid)
        try:
            yield served
        finally:
            served.http.close()
            started.terminate()


def emulator(database: Path | str, *options: str) -> Any:
    return process("asstctl.emulator", "--database", str(database), *options)


def through_a_socket(url: str, requests: Sequence[Request], seconds: float = SECONDS) -> Load:
    """The load of another process on a server."""
    command = [sys.executable, "-m", "tests.bench.wire", url, str(CLIENTS), str(seconds)]
    lines = "\n".join(map(json.dumps, requests))
    done = subprocess.run(command, cwd=ROOT, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return Load(*json.loads(done.stdout))


def serve(folder: Path) -> None:
    """Requests a second, and the time that they take."""
    with emulator(folder / "serve.db") as served:
        rest = served.memory("VmRSS")
        assistant = served.post("/assistants", {"model": "gpt-4o", "instructions": "Be brief."})["id"]
        threads = [served.post("/threads")["id"] for _ in range(100)]
        for number in range(20):
            served.post(f"/threads/{threads[0]}/messages", _message(f"message number {number}"))
        one = served.get(f"/assistants/{assistant}")
        listed = served.get(f"/threads/{threads[0]}/messages", limit=20)
        simple: dict[str, tuple[list[Request], Any]] = {
            "get an assistant": ([{"method": "GET", "path": f"/assistants/{assistant}"}], one),
            "create a message": (
                [_post(f"/threads/{thread}/messages", _message("How are you?")) for thread in threads],
                listed["data"][0],
            ),
            "list 20 messages": ([{"method": "GET", "path": f"/threads/{threads[0]}/messages?limit=20"}], listed),
        }
        print(f"\nserve: {CLIENTS} clients at once for {SECONDS:g} s   (aim: 1,000/s, p99 below 30 ms)")
        for name, (requests, answer) in simple.items():
            _beside_bare(folder, name, through_a_socket(served.url, requests), requests, answer)
            print(f"    in this process  {asyncio.run(_in_process(folder / 'serve.db', requests))}")
        print(f"  memory at rest {rest:.0f} MiB (aim: 90), under this load {served.memory('VmHWM'):.0f} MiB")
    runs = asyncio.run(_echo_runs(folder))
    for place, found in runs.items():
        print(f"  a whole echo run (create with its thread, look until it is done, list), {place}  {found}")
    sys.stdout.flush()


def _beside_bare(folder: Path, name: str, ours: Load, requests: Sequence[Request], answer: Any) -> None:
    file = folder / "answer.json"
    file.write_text(json.dumps(answer), "utf-8")
    with process("tests.bench.bare_server", str(file)) as bare:
        theirs = through_a_socket(bare.url, requests)
    print(f"  {name}\n    through a socket {ours}\n    bare server      {theirs}")
    print(f"    ratio            {theirs.per_second / ours.per_second:7.2f}")


async def _in_process(database: Path, requests: Sequence[Request]) -> Load:
    emulator = open_emulator(database)
    took: list[float] = []
    began = time.perf_counter()
    while time.perf_counter() < began + 1:
        for request in requests:
            before = time.perf_counter()
            await ask(emulator.app, request["method"], request["path"], request.get("body"))
            took.append(time.perf_counter() - before)
    seconds = time.perf_counter() - began
    await emulator.aclose()
    return summed(took, seconds)


async def ask(app: Any, method: str, path: str, body: Any = None) -> bytes:
    """One request of an application in this process, without any client."""
    content = b"" if body is None else json.dumps(body).encode()
    url, _, query = path.partition("?")
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": f"/v1{url}", "query_string": query.encode(), "headers": headers}
    received: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        assert message.get("status", 200) == 200, message
        received.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(received)


async def _echo_runs(folder: Path) -> dict[str, Load]:
    found = {}
    with emulator(folder / "runs.db") as served:
        found["through a socket"] = await _clients(lambda: _over(Connection(served.url)))
    opened = open_emulator(folder / "runs.db")

    async def send(method: str, path: str, body: Any = None) -> bytes:
        return await ask(opened.app, method, path, body)

    found["in this process "] = await _clients(lambda: send)
    await opened.aclose()
    return found


Send = Callable[..., Awaitable[bytes]]


def _over(connection: Connection) -> Send:
    return connection.send


async def _clients(connect: Callable[[], Send]) -> Load:
    took: list[float] = []
    assistant = json.loads(await connect()("POST", "/assistants", {"model": "gpt-4o"}))["id"]
    until = time.perf_counter() + SECONDS

    async def client() -> None:
        send = connect()
        while time.perf_counter() < until:
            began = time.perf_counter()
            run = json.loads(await send("POST", "/threads/runs", _run(assistant, "Hello there")))
            path = f"/threads/{run['thread_id']}"
            while run["status"] != "completed":
                await asyncio.sleep(0.005)
                run = json.loads(await send("GET", f"{path}/runs/{run['id']}"))
            said = json.loads(await send("GET", f"{path}/messages"))["data"][0]["content"][0]["text"]["value"]
            assert said == "Hello there", said
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return summed(took, time.perf_counter() - began)


def stream(folder: Path) -> None:
    """How long the first event of a stream takes, one client and twenty at once."""
    with emulator(folder / "stream.db") as served:
        assistant = served.post("/assistants", {"model": "gpt-4o"})["id"]
        body = {**_run(assistant, "Hello there"), "stream": True}
        print("\nstream: the first event of a run")
        for clients in (1, CLIENTS):
            took = asyncio.run(_first_events(served.url, clients, body))
            print(f"  {clients:2} at once  {summed(took, sum(took) / clients)}")
    sys.stdout.flush()


async def _first_events(url: str, clients: int, body: Any) -> list[float]:
    async def client() -> list[float]:
        return [await Connection(url).first_event("/threads/runs", body) for _ in range(200 // clients)]

    return [each for took in await asyncio.gather(*(client() for _ in range(clients))) for each in took]


def long_thread(folder: Path) -> None:
    """What a thread of 100,000 messages costs."""
    database = folder / "long.db"
    thread, middle = _write_long_thread(database)
    with emulator(database) as served:
        assistant = served.post("/assistants", {"model": "gpt-4o"})["id"]
        short = served.post("/threads", {"messages": [_message("message 1")]})["id"]
        print(f"\nlong: a thread of {MESSAGES:,} messages, milliseconds (aim: its last page below 5)")
        pages = {
            "the newest 20": {"limit": 20},
            "the oldest 20": {"limit": 20, "order": "asc"},
            "the newest 100": {"limit": 100},
            "100 after the middle": {"limit": 100, "after": middle},
            "100 before the middle": {"limit": 100, "before": middle},
        }
        for name, query in pages.items():
            page = partial(served.get, f"/threads/{thread}/messages", **query)
            print(f"  list {name:26} {_milliseconds(page)}")
        for name, place in (("it", thread), ("a thread of one message", short)):
            print(f"  a run on {name:22} {_milliseconds(partial(_whole_run, served, place, assistant))}")
        print(f"  memory {served.memory('VmHWM'):.0f} MiB at most")
    sys.stdout.flush()


def _write_long_thread(database: Path) -> tuple[str, str]:
    """The id of the thread, and of the message in its middle."""
    store = Store(database)
    now = int(time.time())
    thread = THREAD.new({}, now)
    with store.write():
        store.insert(THREAD, thread)
        for number in range(MESSAGES):
            role = "user" if number % 2 == 0 else "assistant"
            content = [text_part(f"This is message number {number}, about nothing in particular.")]
            about = {"thread_id": thread["id"], "role": role, "content": content, "completed_at": now}
            message = MESSAGE.new({}, now, **about)
            store_message(store, message)
            if number == MESSAGES // 2:
                middle = message["id"]
    store.close()
    return thread["id"], middle


def _whole_run(served: Served, thread: str, assistant: str) -> None:
    run = served.post(f"/threads/{thread}/runs", {"assistant_id": assistant})
    while run["status"] != "completed":
        time.sleep(0.001)
        run = served.get(f"/threads/{thread}/runs/{run['id']}")


def _milliseconds(act: Callable[[], object], times: int = 50) -> str:
    act()
    took = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return f"median {statistics.median(took):6.2f}   worst {max(took):6.2f}"


def knowledge(folder: Path) -> None:
    """Taking in 10,000 chunks and searching them, in English and Chinese."""
    texts = {"English": (_english, "delivery refund policy"), "Chinese": (_chinese, "退款政策是什么")}
    for language, (write, query) in texts.items():
        with emulator(folder / f"{language}.db") as served:
            store = served.post("/vector_stores", {"name": "bench"})["id"]
            # Chunks of 800 tokens, 400 of them shared with the one before: each file gives a hundred.
            files = [_upload(served, f"{number}.txt", write(number)) for number in range(CHUNKS // 100)]
            began = time.perf_counter()
            batch = served.post(f"/vector_stores/{store}/file_batches", {"file_ids": files})
            slowest = 0.0
            while batch["status"] == "in_progress":
                before = time.perf_counter()
                batch = served.get(f"/vector_stores/{store}/file_batches/{batch['id']}")
                slowest = max(slowest, time.perf_counter() - before)
                time.sleep(0.02)
            took = time.perf_counter() - began
            assert batch["file_counts"]["completed"] == len(files), batch
            body = {"query": query, "max_num_results": 10}
            assert served.post(f"/vector_stores/{store}/search", body)["data"]
            print(f"\nknowledge: {CHUNKS:,} chunks in {language}")
            print(f"  taken in in {took:.2f} s; the slowest answer meanwhile took {slowest * 1000:.0f} ms")
            search = partial(served.post, f"/vector_stores/{store}/search", body)
            print(f"  a search, ms  {_milliseconds(search)}")
            print(f"  memory {served.memory('VmHWM'):.0f} MiB at most")
            sys.stdout.flush()


def _upload(served: Served, name: str, text: str) -> str:
    sent = served.http.post("/files", data={"purpose": "assistants"}, files={"file": (name, text.encode())})
    file_id: str = sent.raise_for_status().json()["id"]
    return file_id


_WORDS = ("the", "our", "a", "delivery", "order", "policy", "refund", "return", "customer", "address", "within", "days")
_SIGNS = "我们您的订单退款政策商品配送地址客户天内价格可以联系服务时间需要如果之后支付方式说明问题规则会员"


def _english(seed: int) -> str:
    chosen = random.Random(seed)
    words = [
        chosen.choice(_WORDS) if chosen.random() < 0.7 else f"word{chosen.randrange(20_000)}" for _ in range(27_000)
    ]
    return " ".join(words)


def _chinese(seed: int) -> str:
    chosen = random.Random(seed)
    return "".join(chosen.choice(_SIGNS) if chosen.random() < 0.97 else "。" for _ in range(40_400))


def _message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def _post(path: str, body: Any) -> Request:
    return {"method": "POST", "path": path, "body": body}


def _run(assistant: str, text: str) -> dict[str, Any]:
    return {"assistant_id": assistant, "thread": {"messages": [_message(text)]}}
