"""The tapes of a run: which deck each playing gets, and what of it is written where.

A tape lies in the folder `tapes/` beside its conversation file, one for each playing. What is on it, and what it is a
tape of, is decided in `conversation.tapes`, how its file is read and written in `tape_files`.
"""

import shlex
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from time import perf_counter
from typing import TYPE_CHECKING

from asstctl.core.address import Address
from asstctl.core.conversation import CaseResult, Status
from asstctl.core.errors import Refused, TapeMissing, TapeStale, WrongUsage
from asstctl.core.hidden import looks_secret
from asstctl.core.ports import Provider
from asstctl.core.tape import RECORD_IT, Deck
from asstctl.providers import recorded
from asstctl.workspace.conversations.options import Mode
from asstctl.workspace.conversations.tape_files import digest_of, read_text, tape_path, write_text
from asstctl.workspace.workspace import Workspace

if TYPE_CHECKING:
    from asstctl.conversation.case import Case
    from asstctl.conversation.playing.stage import Playing
    from asstctl.conversation.tapes.header import Fingerprints, Header
    from asstctl.conversation.tapes.recording import Recording
    from asstctl.conversation.tapes.replay import Replay
    from asstctl.conversation.tapes.text import Tape

_VERDICTS = frozenset({Status.PASSED, Status.FAILED})

_Key = tuple[str, str, int, bool, int]


def mode_of(mode: Mode, *, offline: bool, live: bool = False) -> Mode:
    """How a run goes that may send nothing anywhere: from tapes. Raises WrongUsage for what cannot be together.

    `live`: what is deployed is talked to, whatever the files say.
    """
    if offline and mode == "record":
        raise WrongUsage("--offline and --record exclude each other", detail="what is recorded has to be asked")
    if live and (offline or mode != "live"):
        raise WrongUsage(
            f"--live and --{'offline' if offline else mode} exclude each other",
            detail="a tape is a recording of what the files say, and --live tests what is deployed, whatever they say",
        )
    return "replay" if offline else mode


def recorded_provider(workspace: Workspace) -> Provider:
    """A provider that answers from tapes alone: it opens no database, needs no key and sends nothing."""
    return recorded(workspace.target.provider)(workspace.settings)


class ProjectTapes:
    """The tapes of one run (`stage.Tapes`).

    `replies` says where answers come from on this target, and whether instructions have a part in them. `errors`: what
    went wrong on the server's side is recorded too. `real`: a replay takes as long as the recording did. `repeat` is
    how often each conversation was asked to be played, whatever it says itself.
    """

    def __init__(
        self,
        workspace: Workspace,
        mode: Mode,
        *,
        replies: tuple[str, bool],
        errors: bool = False,
        real: bool = False,
        repeat: int | None = None,
    ) -> None:
        from asstctl.conversation.tapes.secrets import Sieve

        self._workspace = workspace
        self._root = workspace.project.root
        self._target = workspace.info
        self._mode = mode
        self._replies = replies
        self._errors = errors
        self._real = real
        self._repeat = repeat
        self._decks: dict[_Key, Recording | Replay] = {}
        self._played: dict[str, Header] = {}
        self._sieve = Sieve(secret_values(workspace))
        self._configured = lru_cache(maxsize=None)(partial(_configured, workspace))

    def deck(self, playing: "Playing") -> Deck | None:
        """What all requests of a playing go through. What is deployed is never recorded, and cannot be replayed."""
        from asstctl.conversation.tapes.recording import Recording

        if self._mode == "live":
            return None
        if playing.other:
            if self._mode == "replay":
                raise TapeMissing("what is deployed has no tape", detail=playing.case.node)
            return None
        key = _key(playing)
        if key not in self._decks:
            replay = None if self._mode == "record" else self._replay(playing)
            self._decks[key] = replay or Recording(clock=perf_counter, errors=self._errors)
        return self._decks[key]

    def path(self, playing: "Playing") -> str:
        """The tape of a playing, as a path in the project; nothing where none is read or written."""
        if self._mode == "live" or playing.other:
            return ""
        return tape_path(playing.case, playing.repeat)

    def is_recorded(self, playing: "Playing") -> bool:
        """Whether it is replayed."""
        deck = self._decks.get(_key(playing))
        return deck is not None and deck.replays

    def now(self, playing: "Playing") -> float:
        """Seconds on the clock of a playing."""
        deck = self._decks.get(_key(playing))
        return perf_counter() if deck is None else deck.now()

    def anew(self, playing: "Playing") -> bool:
        """Whether a playing whose tape lacked something may be recorded anew; if so, its next deck records."""
        from asstctl.conversation.tapes.recording import Recording

        if self._mode != "auto":
            return False
        self._played.pop(self.path(playing), None)
        self._decks[_key(playing)] = Recording(clock=perf_counter, errors=self._errors)
        return True

    def lacking(self, cases: "Iterable[Case]", runs: int) -> tuple[str, ...]:
        """The tapes that are not there, of so many playings of each conversation."""
        paths = (tape_path(case, repeat) for case in cases for repeat in range(1, runs + 1))
        return tuple(path for path in paths if not (self._root / path).is_file())

    def ended(self, playing: "Playing", result: CaseResult) -> None:
        """Write what was recorded, if it has a verdict. Raises Refused for a secret, naming its place."""
        from asstctl.conversation.tapes.recording import Recording

        deck = self._decks.pop(_key(playing), None)
        if isinstance(deck, Recording) and result.status in _VERDICTS:
            self._write(self.path(playing), deck.tape(self._header(playing)), playing)

    def is_fresh(self, case: "Case", runs: int) -> bool:
        """Whether all playings of a conversation can be replayed, so that nobody has to be asked."""
        try:
            for repeat in range(1, runs + 1):
                self.check(case, repeat)
        except (TapeMissing, TapeStale):
            return False
        return True

    def check(self, case: "Case", repeat: int) -> None:
        """Raises TapeMissing and TapeStale, as a replay of this playing would."""
        from asstctl.conversation.playing.stage import Playing

        self._fresh(Playing(case, repeat))

    def recorded_on(self, case: "Case", repeat: int) -> str:
        """The target that a tape was recorded on. Raises TapeMissing where it is not there, or says nothing."""
        from asstctl.conversation.playing.stage import Playing

        playing = Playing(case, repeat)
        return self._read(tape_path(case, repeat), playing, f"{RECORD_IT} again: {self._again(playing)}").header.target

    @property
    def origin(self) -> tuple[str, bool] | None:
        """Where the replayed answers came from when they were recorded, and whether instructions had a part in all of
        them; None where nothing was replayed."""
        if not self._played:
            return None
        words = dict.fromkeys(f"{_recorded(one.replies)} on {one.target}" for one in self._played.values())
        return f"recorded {' and '.join(words)}", all(one.exercised for one in self._played.values())

    def _replay(self, playing: "Playing") -> "Replay | None":
        """A deck for its tape; None where one has to be made, and may be. Raises TapeMissing and TapeStale."""
        from asstctl.conversation.tapes.replay import Replay

        path = self.path(playing)
        try:
            tape = self._fresh(playing)
        except (TapeMissing, TapeStale):
            if self._mode == "auto":
                return None
            raise
        self._played[path] = tape.header
        return Replay(tape, again=self._again(playing), real=self._real)

    def _fresh(self, playing: "Playing") -> "Tape":
        from asstctl.conversation.tapes.staleness import changes

        path = tape_path(playing.case, playing.repeat)
        command = self._again(playing)
        tape = self._read(path, playing, f"{RECORD_IT}: {command}")
        again = f"{RECORD_IT} again: {command}"
        header = tape.header
        if (header.conversation, header.repeat) != (playing.case.node, playing.repeat):
            of = f"{path} is one of {header.conversation}, repeat {header.repeat}"
            raise TapeMissing("its tape is that of another conversation", detail=of, hint=again)
        if changed := changes(header, self._made_with(playing.case)):
            raise TapeStale("its tape is stale", detail="; ".join(changed), hint=again)
        return tape

    def _read(self, path: str, playing: "Playing", again: str) -> "Tape":
        from asstctl.conversation.tapes.text import MAX_BYTES, read_tape

        try:
            text = read_text(self._root, path, MAX_BYTES)
        except FileNotFoundError:
            of = "" if playing.repeat == 1 else f": repeat {playing.repeat} needs a tape of its own"
            raise TapeMissing("it has no tape", detail=f"there is no {path}{of}", hint=again) from None
        except OSError as problem:
            raise TapeMissing("its tape cannot be read", detail=f"{path}: {problem.strerror}", hint=again) from None
        tape, diagnostics = read_tape(text, path)
        if tape is None:
            detail = "; ".join(f"{path}: {one.summary}" for one in diagnostics[:3])
            raise TapeMissing("its tape is damaged", detail=detail, hint=again)
        return tape

    def _write(self, path: str, tape: "Tape", playing: "Playing") -> None:
        from asstctl.conversation.tapes.text import same_but_for_times, tape_lines, tape_text

        if leaks := self._sieve.leaks(tape_lines(tape)):
            raise Refused(
                f"the tape of {playing.case.node} would hold a secret, and was not written",
                detail="; ".join(map(str, leaks[:3])),
                hint="keep the secret out of what is said: out of messages, of stubs and of what the server repeats",
            )
        with suppress(TapeMissing):
            # how long things took is no reason for a new file
            if same_but_for_times(self._read(path, playing, ""), tape):
                return
        write_text(self._root, path, tape_text(tape))

    def _header(self, playing: "Playing") -> "Header":
        from asstctl.conversation.tapes.header import Header

        case, (replies, exercised) = playing.case, self._replies
        made_with = self._made_with(case)
        address = str(Address("assistant", case.assistant))
        target = self._target.name
        return Header(case.node, address, playing.repeat, target, replies, exercised, made_with)

    def _made_with(self, case: "Case") -> "Fingerprints":
        from asstctl.conversation.tapes.header import user_files, with_case

        files = {one.shown: digest_of(one.path) for one in user_files(case) if one.path is not None}
        return with_case(self._configured(case.assistant), case, files)

    def _again(self, playing: "Playing") -> str:
        often = f" --repeat {self._repeat}" if self._repeat else ""
        return self._target.command(f"test {shlex.quote(playing.case.node)} --record{often}")


def _recorded(replies: str) -> str:
    """What goes on after `recorded`: `from a model at …`, `with replies echoed`."""
    return replies if replies.startswith("from ") else f"with replies {replies}"


def _key(playing: "Playing") -> _Key:
    case = playing.case
    return case.assistant, case.node, playing.repeat, playing.other, playing.attempt


def _configured(workspace: Workspace, assistant: str) -> "Fingerprints":
    from asstctl.conversation.tapes.header import Fingerprints, configured

    address = Address("assistant", assistant)
    needed = workspace.with_dependencies(frozenset({address}))
    by_address = {one.address: one for one in workspace.desired() if one.address in needed}
    own = by_address.pop(address, None)
    return Fingerprints() if own is None else configured(own, [by_address[one] for one in sorted(by_address)])


def secret_values(workspace: Workspace) -> Iterator[str]:
    """All that this run may have sent or been given and that nobody is to read."""
    project, environ = workspace.project, workspace.environ
    yield from (secret.reveal() for secret in project.secrets)
    yield from (environ[name] for name in project.test.env if looks_secret(name) and name in environ)
