"""Conversations: scripted talks with an assistant that prove that it behaves.

`reading` makes frozen cases of `*.convo.yaml` and `*.stubs.yaml`, `playing` plays them on threads, `judging` says what
came of it; `checks`, `matchers` and `stubs` are what a file may ask for, `tapes` what is recorded. It knows a provider
only as the ThreadHost of `core.ports`; which assistant a conversation talks to, and how results look, is decided
elsewhere.

Import the module that you need: only `reading` loads pydantic.
"""
