"""Conversations: scripted talks with an assistant that prove that it behaves.

`cases` reads `*.convo.yaml` and `*.stubs.yaml` into frozen cases, `runner` plays them on threads, `verdict`
judges what was said. It knows a provider only as the ThreadHost of `core.ports`; which assistant a
conversation talks to, and how results look, is decided elsewhere.

Import the module that you need: only `cases` loads pydantic.
"""
