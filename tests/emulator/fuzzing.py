"""Hostile requests, from a seeded generator: values of any type, examples with one thing wrong, broken JSON and forms.

What a server makes of them is for `test_fuzz.py` to judge; nothing here knows a route.
"""

import copy
import json
import random
from typing import Any

Json = Any

TEXTS = (
    "",
    " ",
    "NaN",
    "null",
    "undefined",
    "\x00",
    "a\x00b",
    "\r\nset-cookie: a=b",
    "\ud800",
    "\udfff\ud800",
    "\ufeff",
    "\u2028\u2029\x85",
    "\u202eolleh",
    "مرحبا",
    "👩‍👩‍👧‍👦" * 40,
    "周三有什么课?",
    "Z\u0341" * 300,
    "x" * 100_000,
    "..",
    "../../../../etc/passwd",
    "C:\\windows\\win.ini",
    "%2e%2e%2f",
    "%",
    "'; DROP TABLE assistants; --",
    "' OR 1=1 --",
    '"',
    "\\",
    "$.a[0]",
    '" OR NEAR(a b, 2) * ^ - :',
    "AND",
    "{{ output }}",
    "{{ user.__class__ }}",
    "{0.__class__}",
    "<script>alert(1)</script>",
    "【4:0†source】",
    "assistants",
    "file_search",
    "asst_",
    "thread_1",
    "run_' OR '1'='1",
    "file-",
    "file-../../x",
    "vs_0",
    "__proto__",
)
NUMBERS = (0, 1, -1, 2, 7, 100, 257, 2**31, 2**63, -(2**63) - 1, 2**64, 10**400, 0.5, -0.0, 1.5, 1e308, -1e308, 5e-324)


def _nested(levels: int, *, lists: bool) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value] if lists else {"a": value}
    return value


_SHAPES: tuple[Json, ...] = (
    [],
    {},
    [[]],
    [None],
    [{}],
    {"": None},
    {"type": "function"},
    {"type": ["a"]},
    {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
    {"type": "string", "minLength": 10**9},
    {"type": "array", "items": {"type": "array", "items": {}, "minItems": 10**9}, "minItems": 10**9},
    {str(number): "x" for number in range(20)},
    ["x"] * 3_000,
    [{"type": "text", "text": "x"}] * 50,
)


def value(chance: random.Random) -> Json:
    """Anything that JSON can say, and some that it cannot."""
    kind = chance.randrange(10)
    if kind < 3:
        return chance.choice(TEXTS)
    if kind < 5:
        return chance.choice(NUMBERS)
    if kind < 7:
        return copy.deepcopy(chance.choice(_SHAPES))
    if kind < 8:
        return _nested(chance.choice((3, 60, 120, 127, 128, 200)), lists=chance.random() < 0.5)
    return chance.choice((None, True, False, float("nan"), float("inf")))


def mutated(chance: random.Random, example: Json) -> Json:
    """The example with one thing in it replaced, left out, repeated or added."""
    places = list(_places(example))
    result = copy.deepcopy(example)
    if not places or chance.random() < 0.05:
        return value(chance)
    path = chance.choice(places)
    parent = result
    for part in path[:-1]:
        parent = parent[part]
    key, action = path[-1], chance.randrange(8)
    if action < 5:
        parent[key] = value(chance)
    elif action == 5:
        del parent[key]
    elif isinstance(parent, dict):
        parent[chance.choice(TEXTS)] = value(chance)
    else:
        parent.extend([copy.deepcopy(parent[key])] * chance.choice((1, 40, 3_000)))
    return result


def _places(example: Json, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = example.items() if isinstance(example, dict) else enumerate(example) if isinstance(example, list) else ()
    return [place for key, each in items for place in [(*path, key), *_places(each, (*path, key))]]


def as_json(chance: random.Random, body: Json) -> bytes:
    """The body as bytes, sometimes broken."""
    raw = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    return broken(chance, raw) if chance.random() < 0.15 else raw


def broken(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw) + 1)
    match chance.randrange(7):
        case 0:
            return raw[:at]
        case 1:
            return raw[:at] + chance.randbytes(chance.choice((1, 8))) + raw[at:]
        case 2:
            return raw[:at] + raw[at + 1 :]
        case 3:
            return b"\xef\xbb\xbf" + raw
        case 4:
            return raw.decode(errors="replace").encode(chance.choice(("utf-16", "utf-32-be")), "replace")
        case 5:
            return chance.randbytes(64)
        case _:
            return raw + chance.choice((b"\x00", b"{}", b"]" * 5_000, b"[" * 100_000))


_QUERY = {
    "limit": ("0", "1", "2", "100", "101", "-1", "", "1.5", "x", "٣", "9" * 30, "9" * 5_000, "1e2", " 1", "1_0"),
    "order": ("asc", "desc", "ASC", "", "asc;", "\x00"),
    "filter": ("in_progress", "completed", "failed", "cancelled", "x", "' OR 1=1", ""),
    "purpose": ("assistants", "vision", "x", "' OR 1=1", "\x00", ""),
    "include[]": ("step_details.tool_calls[*].file_search.results[*].content", "x", ""),
}


def query(chance: random.Random, ids: list[str]) -> list[tuple[str, str]]:
    """Parameters of listings, in and out of their ranges, some twice."""
    strange = [text for text in TEXTS if len(text) < 1_000 and text.isprintable()]
    cursors = {name: [*ids, *strange] for name in ("after", "before", "run_id")}
    choices = {**_QUERY, **cursors, "x" * 20: strange}
    return [(name, chance.choice(choices[name])) for name in chance.choices(list(choices), k=chance.randrange(4))]


def form(chance: random.Random, name: str, texts: dict[str, str], filename: str = "notes.txt") -> tuple[str, bytes]:
    """A multipart form with a file of this name, sometimes wrong; its content type, and its bytes."""
    boundary = chance.choice(("abc", "----WebKitFormBoundary7MA4", "'()+_,-./:=?", "x" * 70))
    line = chance.choice((b"\r\n",) * 9 + (b"\n",))
    parts = [_part(chance, name, filename, chance.randbytes(chance.choice((0, 1, 300_000))))]
    parts += [_part(chance, key, None, text.encode(errors="surrogatepass")) for key, text in texts.items()]
    chance.shuffle(parts)
    if chance.random() < 0.2:
        parts += chance.choices(parts, k=chance.choice((1, 40)))
    if chance.random() < 0.1:
        parts.pop()
    mark = b"--" + boundary.encode()
    raw = b"".join(mark + line + part + line for part in parts) + mark + b"--" + line
    if chance.random() < 0.3:
        raw = broken(chance, raw)
    declared = boundary if chance.random() < 0.9 else chance.choice(("", "other", "x" * 1_000))
    kind = "multipart/form-data" if chance.random() < 0.95 else "multipart/mixed"
    return f'{kind}; boundary="{declared}"', raw


def _part(chance: random.Random, name: str, filename: str | None, content: bytes) -> bytes:
    if chance.random() < 0.1:
        name = chance.choice(("", "a[b]", "a[b][c]", "[", "expires_after", "expires_after[seconds]", "x" * 5_000))
    about = f'form-data; name="{name}"'
    if filename is not None and chance.random() < 0.95:
        if chance.random() < 0.5:
            filename = chance.choice(TEXTS)
        about += f'; filename="{filename}"'
    if chance.random() < 0.1:
        about += "; filename*=" + chance.choice(("utf-8''a%0d%0ab", "utf-8''%ff%fe", "latin-1''x", "''", "%%%"))
    headers = [about]
    if chance.random() < 0.2:
        kind = chance.choice(("text/html", "text/plain; charset=utf-7", "multipart/mixed; boundary=abc", "x" * 20_000))
        headers.append(f"\r\nContent-Type: {kind}")
    if chance.random() < 0.1:
        headers.append("\r\nContent-Transfer-Encoding: " + chance.choice(("base64", "quoted-printable", "binary")))
    head = "Content-Disposition: " + "".join(headers)
    return head.encode(errors="surrogatepass") + b"\r\n\r\n" + content
