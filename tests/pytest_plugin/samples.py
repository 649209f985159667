"""Projects whose conversations pytest collects."""

from collections.abc import Mapping
from pathlib import Path

PROJECT = """
version: 1
project: shop
default_target: local
targets:
  local: {provider: local}
"""
SHOP = """
kind: assistant
key: shop
name: Shop
model: gpt-4o
instructions: Be brief.
tools:
  - {type: function, function: {name: get, parameters: {type: object, properties: {}}}}
"""
GREETS = """
assistant: shop
tags: [smoke]
turns:
  - user: hello
    expect: {contains: hello}
"""
SEVERAL = """
assistant: shop
tags: [several]
defaults: {matrix: {lang: [en, de]}}
conversations:
  - id: says
    turns:
      - user: "good {{ matrix.lang }}"
        expect: {contains: "good en"}
  - id: often
    matrix: null
    repeat: {runs: 3, pass: 2}
    turns:
      - user: again
        expect: {contains: again}
  - id: runs-code
    matrix: null
    stubs: {get: {python: 'stub.py:get'}}
    turns:
      - user: hello
        expect: {contains: hello}
  - id: too-slow
    matrix: null
    timeout: {turn: 0.0001}
    turns:
      - user: hello
        expect: {contains: hello}
"""

WAITING = """
import time
from pathlib import Path

def get():
    Path(__file__).with_name("waiting").touch()
    time.sleep(60)
"""
CALLS = """
rules:
  - {user: wait, call: {get: {}}}
  - say: "You said {{ user }}"
"""
WAITS = """
assistant: shop
stubs: {get: {python: "stub.py:get"}}
turns:
  - user: wait
    calls: [get: {}]
"""
"""A conversation that goes on for a minute, where WAITING is the stub and CALLS are the replies."""


def written(root: Path, conversations: Mapping[str, str], *, waits: bool = False) -> None:
    """A project with these conversations."""
    replies = "{script: /replies.yaml}" if waits else "echo"
    given = {
        "asstctl.yaml": PROJECT.replace("local}", f"local, replies: {replies}}}"),
        "replies.yaml": CALLS,
        "assistants/shop.yaml": SHOP,
        "assistants/stub.py": WAITING if waits else "def get():\n    return 1\n",
        **{f"assistants/{name}": text for name, text in conversations.items()},
    }
    for name, text in given.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), "utf-8")
