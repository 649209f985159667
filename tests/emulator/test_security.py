"""What a stranger may try: paths, syntax, sizes, pages, bombs and code. The answer is clean, and the server goes on.

What guards, forms, logs and the sandbox do for themselves is in their own tests; here it is tried from outside.
"""

import asyncio
import io
import itertools
import json
import re
import socket
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest

from asstctl.emulator.bodies import MAX_BODY, MAX_NESTING
from asstctl.emulator.code.sandbox import Limits, Sandbox
from asstctl.emulator.replies.values import Part, ReplyRequest, RunCode, SearchFiles, TextDelta, ToolCall
from asstctl.emulator.routes import FORMS, ROUTES
from tests.emulator.harness import ASK, Api, Backend, serving
from tests.emulator.process import Server

pytestmark = pytest.mark.anyio

Json = Any

SYNTAX = (
    "'; DROP TABLE assistants; --",
    "' OR '1'='1",
    'x" OR "1"="1',
    "%' UNION SELECT body FROM files --",
    '"unbalanced',
    "a* OR NEAR(b c, 2) AND NOT d",
    "words : x ^y + -z",
    "{words} : (x)",
    "$.a[#-1]",
    "\\",
    "a\x00b",
)
MARKUP = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)")


# Bodies


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model": "m", "name": "\xed\xa0\x80"}',
        b'{"model": "m", "name": "\\ud800"}',
        '{"model": "m", "name": "\\udc00"}'.encode("utf-16"),
        '{"model": "m"}'.encode("utf-32"),
        b'{"model": "m", "name": "\xff"}',
        b'{"model": "m", "temperature": NaN}',
        b'{"model": "m", "temperature": -Infinity}',
        b'{"model": "m", "temperature": 1e999}',
        b'{"model": "m", "temperature": ' + b"9" * 5_000 + b"}",
        b'{"model": "m"',
        b'{"model": "m"}}',
        b'"m"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"model": "m", "tools": ' + b"[" * MAX_NESTING + b"]" * MAX_NESTING + b"}",
        b"\x00",
    ],
)
async def test_what_is_not_json_is_400_and_leaves_nothing(api: Api, raw: bytes) -> None:
    response = await api.http.post("/assistants", content=raw, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert (await api.get("/assistants"))["data"] == []


async def test_what_nests_as_deep_as_a_body_may_comes_back_wherever_it_is_shown(api: Api) -> None:
    schema: Json = {}
    for _ in range(MAX_NESTING - 6):
        schema = {"a": schema}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    assistant = await api.assistant(tools=[tool], instructions="x")
    assert (await api.get("/assistants"))["data"] == [assistant]
    run = await api.run((await api.thread("hi"))["id"], assistant["id"], tool_choice="required")
    assert run["tools"][0]["function"]["parameters"] == schema
    assert run["status"] == "requires_action"


async def test_brackets_in_a_text_are_no_nesting(api: Api) -> None:
    assert (await api.assistant(name="[{" * 100))["name"] == "[{" * 100


# Syntax of queries


@pytest.mark.parametrize("text", SYNTAX)
async def test_query_syntax_is_text_wherever_text_goes(api: Api, text: str) -> None:
    kept = {"name": text, "description": text, "instructions": text, "metadata": {text[:60]: text}}
    assistant = await api.assistant(**kept)
    assert {key: assistant[key] for key in kept} == kept
    thread = await api.post(
        "/threads", {"messages": [{"role": "user", "content": text}], "metadata": {text[:60]: text}}
    )
    run = await api.run(thread["id"], assistant["id"], metadata={text[:60]: text})
    assert (run["status"], await api.reply(run)) == ("completed", text)
    assert (await api.get("/assistants"))["data"] == [assistant]


@pytest.mark.parametrize("text", SYNTAX)
async def test_query_syntax_finds_nothing_as_an_id_a_cursor_or_a_filter(api: Api, text: str) -> None:
    assistant, thread = await api.assistant(), await api.thread("one", "two")
    for method, path in (("GET", "/assistants/asst_{}"), ("DELETE", "/files/file-{}"), ("POST", "/threads/thread_{}")):
        response = await api.send(method, path.format(quote(text, safe="")))
        assert response.status_code == 404, response.text
    for name in ("after", "before"):
        for path in ("/assistants", f"/threads/{thread['id']}/messages", f"/threads/{thread['id']}/runs"):
            response = await api.http.get(path, params={name: text})
            assert (response.status_code, response.json()["error"]["param"]) == (400, name)
    assert (await api.get("/files", purpose=text))["data"] == []
    assert (await api.get(f"/threads/{thread['id']}/messages", run_id=f"run_{text}"))["data"] == []
    assert await api.get(f"/assistants/{assistant['id']}") == assistant
    assert len((await api.get(f"/threads/{thread['id']}/messages"))["data"]) == 2


@pytest.mark.parametrize("text", SYNTAX[:-1])
async def test_query_syntax_is_text_to_a_search(api: Api, text: str) -> None:
    file = await api.file("notes.txt", f"alpha {text} omega".encode())
    store = await _store(api, file["id"], attributes={text[:60]: text})
    found = await api.post(f"/vector_stores/{store}/search", {"query": [text, "omega"]})
    assert [hit["file_id"] for hit in found["data"]] == [file["id"]]
    for test, hits in (("eq", 1), ("ne", 0), ("gte", 1), ("in", 1), ("nin", 0)):
        value = [text] if test.endswith("in") else text
        filters = {"type": test, "key": text[:60], "value": value}
        found = await api.post(f"/vector_stores/{store}/search", {"query": "omega", "filters": filters})
        assert len(found["data"]) == hits, test
    status, error = await api.refused("GET", f"/vector_stores/{store}/files?filter={quote(text)}")
    assert (status, error["code"]) == (400, "invalid_value")


async def _store(api: Api, *file_ids: str, attributes: Json = None) -> str:
    """A store whose files are no longer in progress."""
    store: str = (await api.post("/vector_stores"))["id"]
    for file_id in file_ids:
        await api.post(f"/vector_stores/{store}/files", {"file_id": file_id, "attributes": attributes})
    services = api.emulator.services
    async with asyncio.timeout(90):
        await services.knowledge.settled(services, [store])
    return store


# Ids


_PARAMETERS = [
    (method, path, name)
    for method, path in ROUTES
    for name in re.findall(r"{(\w+)}", path)
    if name not in ("model", "rest") and ROUTES[method, path] not in FORMS
]


@pytest.mark.parametrize(("method", "path", "name"), _PARAMETERS, ids=[":".join(each) for each in _PARAMETERS])
async def test_an_id_of_the_wrong_kind_is_refused_wherever_it_stands(method: str, path: str, name: str) -> None:
    # A1: id of the wrong kind, unknown file
    body = {"role": "user", "content": "x", "assistant_id": "asst_x", "tool_outputs": [], "part_ids": []}
    body |= {"query": "x", "file_id": "file-x", "file_ids": ["file-x"], "attributes": {}}
    async with serving(lenient=True) as api:
        run = await api.run((await api.thread("hi"))["id"], (await api.assistant())["id"])
        ids = {"thread_id": run["thread_id"], "run_id": run["id"], "vector_store_id": await _store(api)}
        for wrong in ("undefined", "[object Object]", "' OR 1=1", "\x00"):
            given = {each: ids.get(each, f"{each}_x") for each in re.findall(r"{(\w+)}", path)} | {name: wrong}
            url = path.format(**{each: quote(text, safe="") for each, text in given.items()})
            response = await api.http.request(method, f"http://local{url}", json=body if method == "POST" else None)
            assert response.status_code in (400, 404), response.text
            message = response.json()["error"]["message"]
            assert wrong in message
            assert "Invalid URL" not in message


# Paths and names of files


_PATHS = (
    "../../../../evil.txt",
    "..\\..\\windows\\evil.txt",
    "/etc/passwd",
    "C:\\evil.txt",
    "....//evil.txt",
    "..%2f..%2fevil.txt",
    "~/.ssh/id_rsa",
    "file-x/../../evil",
)
_BREAKING = ("a\r\nset-cookie: a=b.txt", 'a"; filename="b.html', "a;b.txt", "页.txt", "\u202etxt.exe", "x" * 255)


@pytest.mark.parametrize("name", [*_PATHS, *_BREAKING, *MARKUP])
async def test_a_name_of_a_file_is_never_a_path_and_breaks_no_header(tmp_path: Path, name: str) -> None:
    code = "import os\nprint(sorted(os.listdir('/mnt/data')))"
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    async with serving(folder / "local.db", replies=_coding(code)) as api:
        response = await api.http.post(
            "/files",
            content=_form(name, b"hello"),
            headers={"content-type": "multipart/form-data; boundary=x"},
        )
        file = response.json()
        if response.status_code != 200:
            assert file["error"]["param"] == "file"
            return
        assert not set(file["filename"]) & set("/\\\r\n\x00")
        content = await api.http.get(f"/files/{file['id']}/content")
        assert content.content == b"hello"
        disposition = content.headers["content-disposition"]
        assert re.fullmatch(r"attachment; filename\*=utf-8''[\w%.~-]+", disposition)
        assert "set-cookie" not in content.headers
        upload = {"filename": name, "purpose": "assistants", "bytes": 0, "mime_type": "text/html"}
        assert not set((await api.post("/uploads", upload))["filename"]) & set("/\\\r\n\x00")
        found = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith("local.db")]
        assert found == [folder / "local.db.files" / file["id"]]


def _form(name: str, content: bytes) -> bytes:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    about = f'content-disposition: form-data; name="file"; filename="{quoted}"'.replace("\r\n", " ")
    purpose = b'--x\r\ncontent-disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
    return purpose + b"--x\r\n" + about.encode() + b"\r\n\r\n" + content + b"\r\n--x--\r\n"


@pytest.mark.parametrize("path", ["..", "../x", "../../../etc/passwd", "file-../../local.db", "file-x\x00", "./file-x"])
@pytest.mark.parametrize("pattern", ["/files/{}", "/files/{}/content", "/models/{}", "/uploads/{}/complete"])
async def test_an_id_leads_to_no_path(tmp_path: Path, pattern: str, path: str) -> None:
    async with serving(tmp_path / "local.db") as api:
        method = "POST" if pattern.endswith("complete") else "GET"
        body = {"part_ids": []} if method == "POST" else None
        for given in (quote(path, safe=""), quote(quote(path, safe=""), safe=""), quote(path)):
            response = await api.http.request(method, f"http://local/v1{pattern.format(given)}", json=body)
            assert response.status_code in (400, 404, 405), response.text


@pytest.mark.parametrize("text", MARKUP)
async def test_markup_comes_back_as_json_or_to_be_saved_and_never_as_a_page(api: Api, text: str) -> None:
    file = await api.file(f"{text.replace('/', '')}.html", text.encode())
    await api.file("a.svg", text.encode())
    await api.file("a.xml", text.encode())
    await api.assistant(name=text)
    thread = await api.thread(text)
    paths = ["/assistants", "/files", f"/files/{file['id']}", f"/threads/{thread['id']}/messages", f"/{quote(text)}"]
    paths += [f"/assistants/{quote(text, safe='')}", f"/assistants?after={quote(text)}", f"/models/{quote(text)}"]
    for path in paths:
        response = await api.http.get(path)
        assert response.headers["content-type"] == "application/json"
        assert response.headers["x-content-type-options"] == "nosniff"
    for each in (await api.get("/files"))["data"]:
        headers = (await api.http.get(f"/files/{each['id']}/content")).headers
        assert headers["content-type"] not in ("text/html", "application/xml", "image/svg+xml", "application/xhtml+xml")
        assert headers["content-disposition"].startswith("attachment")
        assert headers["x-content-type-options"] == "nosniff"


# Bombs


def _docx(*parts: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return packed.getvalue()


_XML = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">%s</w:document>'
_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">%s]>' % b"".join(
    b'<!ENTITY %c "%s">' % (ord("b") + level, b"&%c;" % (ord("a") + level) * 10) for level in range(9)
)


def _pdf(stream: bytes, about: bytes = b"", page: bytes = b"") -> bytes:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1%s>>" % page,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<<>>>>",
        b"<<%s/Length %d>>\nstream\n%s\nendstream" % (about, len(stream), stream),
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (i, each) for i, each in enumerate(objects, 1))
    return body + b"trailer<</Root 1 0 R>>\n%%EOF"


_CRAFTED = {
    "zip-bomb.docx": lambda: _docx(("word/document.xml", _XML % (b"<w:t>" + b"0" * 100_000_000 + b"</w:t>"))),
    "many-parts.docx": lambda: _docx(*((f"word/{n}", b"") for n in range(20_000)), ("word/document.xml", b"")),
    "laughs.docx": lambda: _docx(("word/document.xml", _LAUGHS + _XML % b"<w:t>&j;</w:t>")),
    "entity.docx": lambda: _docx(
        ("word/document.xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _XML % b"<w:t>&a;</w:t>")
    ),
    "deep.docx": lambda: _docx(("word/document.xml", b"<a>" * 2_000_000)),
    "slip.docx": lambda: _docx(("../../evil.txt", b"evil"), ("word/document.xml", b"")),
    "cut.docx": lambda: _docx(("word/document.xml", _XML % b"<w:t>x</w:t>"))[:-30],
    "flate-bomb.pdf": lambda: _pdf(zlib.compress(b" " * 300_000_000), b"/Filter/FlateDecode"),
    "twice.pdf": lambda: _pdf(zlib.compress(zlib.compress(b" " * 300_000_000)), b"/Filter[/FlateDecode/FlateDecode]"),
    "itself.pdf": lambda: _pdf(b"", page=b"/Parent 2 0 R").replace(b"[3 0 R]", b"[2 0 R]"),
    "strings.pdf": lambda: _pdf(b"BT (" + b"(" * 200_000 + b") Tj ET"),
    "arrays.pdf": lambda: _pdf(b"[" * 500_000),
    "nothing.pdf": lambda: b"%PDF-1.7\n" + b"1 0 obj\n<<" * 50_000,
    "tags.html": lambda: b"<html>" + b"<div><script>" * 200_000,
    "attributes.html": lambda: b"<a " + b"x=" * 1_000_000,
    "escapes.json": lambda: b'"' + b"\\ud83d" * 500_000,
    "zeros.txt": lambda: b"\x00" * 1_000_000,
}


_HEAVY = ("zip-bomb.docx", "many-parts.docx", "deep.docx", "flate-bomb.pdf", "twice.pdf", "attributes.html")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in _HEAVY else []) for name in _CRAFTED]
)
async def test_a_crafted_document_fails_alone_and_holds_nobody_up(api: Api, name: str) -> None:
    good = await api.file("good.txt", b"the quick brown fox")
    bad = await api.file(name, _CRAFTED[name]())
    async with _undisturbed(api):
        store = await _store(api, bad["id"], good["id"])
        taken = await api.get(f"/vector_stores/{store}/files/{bad['id']}")
        assert taken["status"] in ("failed", "completed")
        if taken["status"] == "failed":
            assert taken["last_error"]["code"] in ("invalid_file", "unsupported_file")
            assert len(taken["last_error"]["message"]) < 2_000
        found = await api.post(f"/vector_stores/{store}/search", {"query": "quick fox"})
        assert found["data"][0]["file_id"] == good["id"]
    assert "root:" not in json.dumps(found)


_LONGEST = 0.4
"""Seconds of this process's own work in which no other request was served. What others take of the machine is not its
fault, and so is not counted; ten seconds by the clock would be."""


@asynccontextmanager
async def _undisturbed(api: Api) -> AsyncIterator[None]:
    """What happens in the block keeps other requests from being answered for no longer than a moment."""
    worked: list[float] = []
    done = asyncio.Event()

    async def watch() -> None:
        before = time.process_time()
        while not done.is_set():
            async with asyncio.timeout(10):
                assert (await api.http.get("http://local/health")).status_code == 200
            await asyncio.sleep(0.005)
            now = time.process_time()
            worked.append(now - before)
            before = now

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        done.set()
        await watching
    assert max(worked) < _LONGEST


# Code


def _coding(*codes: str) -> Backend:
    """Runs each code in a turn of its own, then says what the last one printed."""

    def answer(request: ReplyRequest) -> list[Part]:
        turn = len(request.rounds)
        return [RunCode(codes[turn])] if turn < len(codes) else [TextDelta("done")]

    return Backend(answer=answer)


@pytest.fixture
def small_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(seconds=0.4, memory=16 * 1024 * 1024, recursion=100, output=2_000, sleep=0.2, suspensions=100)
    monkeypatch.setattr("asstctl.emulator.emulator.Sandbox", lambda: Sandbox(limits))


_CODE = {
    "loops": "while True:\n    pass",
    "allocates": "x = []\nwhile True:\n    x.append('x' * 100_000)",
    "at once": "x = 'x' * 10**10",
    "number": "x = 9 ** 9 ** 9",
    "recurses": "def f():\n    return f()\nf()",
    "prints": "while True:\n    print('x' * 1_000)",
    "sleeps": "import time\ntime.sleep(60)",
    "reads files": "open('/etc/passwd').read()",
    "climbs": "open('/mnt/data/../../etc/passwd').read()",
    "writes files": "open('/mnt/data/x', 'w').write('x')",
    "opens sockets": "import socket\nsocket.create_connection(('127.0.0.1', 80))",
    "starts programs": "import subprocess\nsubprocess.run(['id'])",
    "runs a shell": "import os\nos.system('id')",
    "reads the environment": "import os\nprint(os.environ['HOME'])",
    "evaluates": "eval('__import__')('os')",
    "looks inside": "print(().__class__.__base__.__subclasses__())",
    "matches badly": "import re\nprint(re.match('(a+)+$', 'a' * 40 + 'b')) or 1 / 0",
    "sorts": "sorted(range(10**9))",
    "nests": "x = []\nfor _ in range(10**6):\n    x = [x]\nprint(x)",
    "is broken": "def",
    "is long": "x = 1\n" * 200_000,
}


@pytest.mark.usefixtures("small_sandbox")
@pytest.mark.parametrize("what", _CODE)
async def test_code_that_does_what_it_may_not_is_an_error_in_its_step_and_holds_nobody_up(what: str) -> None:
    async with serving(replies=_coding(_CODE[what], "print('still here')")) as api, _undisturbed(api):
        assistant = await api.assistant(tools=[{"type": "code_interpreter"}])
        began = time.perf_counter()
        thread = await api.thread("go")
        run = await api.post(f"/threads/{thread['id']}/runs", {"assistant_id": assistant["id"]})
        async with asyncio.timeout(30):
            while run["status"] in ("queued", "in_progress"):
                await asyncio.sleep(0.005)
                run = await api.get(f"/threads/{thread['id']}/runs/{run['id']}")
        assert time.perf_counter() - began < 20
        assert (run["status"], run["last_error"]) == ("completed", None)
        steps = (await api.get(f"/threads/{thread['id']}/runs/{run['id']}/steps", order="asc"))["data"]
        logs = [step["step_details"]["tool_calls"][0]["code_interpreter"]["outputs"][0]["logs"] for step in steps[:2]]
        assert re.search(r"Error|cut here", logs[0]), logs[0][:2_000]
        assert len(logs[0]) < 10_000
        assert not re.search(r"root:|uid=\d|/home/", logs[0])
        assert logs[1] == "still here\n"


# Replies


@pytest.mark.usefixtures("small_sandbox")
@pytest.mark.parametrize("text", ["\ud800", "half \udc00 pair", "\ud83d\ude00", "\x00", "\u2028"])
async def test_a_reply_that_no_answer_can_carry_is_mended_and_its_run_ends(text: str) -> None:
    """An output may hold JSON with any escape, and a script says what it holds."""

    def answer(request: ReplyRequest) -> list[Part]:
        if not request.rounds:
            return [TextDelta(text), RunCode(f"x = {text!r} # {text}"), SearchFiles(text)]
        if len(request.rounds) == 1:
            return [TextDelta(text), ToolCall("ask_database", json.dumps({"query": text}, ensure_ascii=False))]
        return [TextDelta(text)]

    async with serving(replies=Backend(answer=answer)) as api:
        assistant = await api.assistant(tools=[{"type": "code_interpreter"}, {"type": "file_search"}, ASK])
        run = await api.run((await api.thread("go"))["id"], assistant["id"])
        assert (run["status"], run["last_error"]) == ("requires_action", None)
        run = await api.answer(run, '{"x": "\\ud800"}')
        assert (run["status"], run["last_error"]) == ("completed", None)
        mended = text.encode("utf-8", "replace").decode()
        assert await api.reply(run) == mended
        steps = (await api.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps", order="asc"))["data"]
        assert len(steps) == 5


# A server on a socket


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("security") / "local.db", "--api-key", "sk-very-secret")
    yield server
    server.stop()


def _sent(server: Server, *pieces: bytes, wait: float = 10.0) -> bytes:
    """What the server answers to these bytes; nothing that it does may stop a later request from being served."""
    url = urlsplit(server.url)
    assert url.port is not None
    with socket.create_connection(("127.0.0.1", url.port), timeout=wait) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while received := connection.recv(65_536):
                answer += received
        except (TimeoutError, ConnectionError):
            pass
    return answer


def _request(*headers: str, line: str = "POST /v1/threads HTTP/1.1") -> bytes:
    key = "authorization: Bearer sk-very-secret"
    return "\r\n".join([line, "host: localhost", key, "connection: close", *headers, "", ""]).encode("latin-1")


_JSON = "content-type: application/json"


def _pieces(size: int) -> Iterator[bytes]:
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    yield from itertools.repeat(piece, size // 65_536 + 2)


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ((_request(_JSON, "content-length: 2"), b"{}"), (200,)),
        ((_request(_JSON, f"content-length: {MAX_BODY + 1}"), *[b" " * (1 << 20)] * 17), (413,)),
        ((_request(_JSON, "transfer-encoding: chunked"), *_pieces(MAX_BODY), b"0\r\n\r\n"), (413,)),
        ((_request(_JSON, "content-length: -1"), b"{}"), (400,)),
        ((_request(_JSON, "content-length: x"), b"{}"), (400,)),
        ((_request(_JSON, "content-length: 2", "content-length: 3"), b"{}"), (400,)),
        ((_request(_JSON, "transfer-encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n"), (400,)),
        ((_request("x: " + "y" * 200_000),), (400, 431)),
        ((_request(line="POST /v1/threads HTTP/9.9"),), (200, 400, 505)),
        ((_request(line="GET /v1/" + "x" * 200_000 + " HTTP/1.1"),), (400, 404, 414)),
        ((_request(line="GET http://evil.example/v1/models HTTP/1.1"),), (200, 400, 404)),
        ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,), (400,)),
        ((b"\r\n\r\n\r\n", b"\x00" * 1_000), (400,)),
    ],
)
def test_odd_requests_on_the_socket_are_refused_and_the_next_one_is_served(
    server: Server, pieces: tuple[bytes, ...], statuses: tuple[int, ...]
) -> None:
    answer = _sent(server, *pieces)
    assert answer, "the connection was closed without a word"
    assert int(answer.split(b" ", 2)[1]) in statuses, answer[:500]
    assert b"sk-very-secret" not in answer
    assert b"HTTP/1.1 200" in _sent(server, _request(line="GET /v1/models HTTP/1.1"))


def test_a_client_that_never_finishes_its_request_keeps_nobody_waiting(server: Server) -> None:
    url = urlsplit(server.url)
    assert url.port is not None
    halves = [_request(_JSON, "content-length: 100") + b"{", b"GET / HT", b""]
    slow = [socket.create_connection(("127.0.0.1", url.port), timeout=5) for _ in range(60)]
    try:
        for number, connection in enumerate(slow):
            connection.sendall(halves[number % 3])
        with httpx2.Client(base_url=server.url, headers={"authorization": "Bearer sk-very-secret"}) as client:
            assert client.get("/models").status_code == 200
    finally:
        for connection in slow:
            connection.close()


def test_neither_the_key_nor_a_wrong_one_is_in_an_error_or_a_log(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    faults = ("--fault", "answer=500:1:GET /v1/files", "--fault", "answer-after-commit=500:1:POST /v1/assistants")
    server = Server(tmp_path / "local.db", "--api-key", "sk-very-secret", "--log", str(log), *faults)
    said = ""
    try:
        with httpx2.Client(base_url=server.url) as client:
            for key in ("sk-very-secret", "sk-wrong-one", "sk-very-secret,"):
                headers = {"authorization": f"Bearer {key}", "cookie": f"key={key}"}
                for method, path in (("GET", "/files"), ("POST", "/assistants"), ("GET", "/no"), ("PUT", "/models")):
                    body = {"model": "m"} if method == "POST" else None
                    response = client.request(method, path, headers=headers, json=body)
                    said += response.text + str(response.headers)
    finally:
        _, errors = server.stop()
    assert "sk-" not in said + errors + log.read_text()


async def test_a_key_is_asked_for_before_anything_is_told() -> None:
    async with serving(api_key="right") as api:
        for method, path in [*ROUTES, ("GET", "/v1/nothing")]:
            if path == "/health":
                continue
            url = re.sub(r"{\w+}", "x", path)
            for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "right"}, {"api-key": "wrong"}):
                response = await api.http.request(method, f"http://local{url}", headers=headers)
                assert (response.status_code, response.json()["error"]["code"]) == (401, "invalid_api_key")
