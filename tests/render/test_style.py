"""When there is colour, which signs are used, and how wide a line may be."""

import io

import pytest

from asstctl.render.style import ASCII, UNICODE, ColorChoice, look_for, use_color

AUTO, ALWAYS, NEVER = ColorChoice


class Stream(io.StringIO):
    """A stream that says what it is."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal, self._encoding = terminal, encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize(
    "choice, environ, terminal, color",
    [
        (AUTO, {}, True, True),
        (AUTO, {}, False, False),
        (AUTO, {"TERM": "xterm"}, True, True),
        (AUTO, {"TERM": "dumb"}, True, False),
        (AUTO, {"NO_COLOR": "1"}, True, False),
        (AUTO, {"NO_COLOR": ""}, True, True),
        (AUTO, {"FORCE_COLOR": "1"}, False, True),
        (AUTO, {"FORCE_COLOR": ""}, False, False),
        (AUTO, {"CLICOLOR_FORCE": "1"}, False, True),
        (AUTO, {"CLICOLOR_FORCE": "0"}, False, False),
        (AUTO, {"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        (AUTO, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        (ALWAYS, {"NO_COLOR": "1"}, False, True),
        (NEVER, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour(choice: ColorChoice, environ: dict[str, str], terminal: bool, color: bool) -> None:
    """The option wins, then NO_COLOR, then the forcing variables, then the stream."""
    assert use_color(choice, environ, terminal=terminal) is color


@pytest.mark.parametrize(
    "encoding, glyphs", [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), ("no-such", ASCII), ("", ASCII)]
)
def test_glyphs(encoding: str, glyphs: object) -> None:
    """A stream that cannot show our signs gets ASCII ones."""
    assert look_for(Stream(terminal=False, encoding=encoding), environ={}).glyphs == glyphs


@pytest.mark.parametrize(
    "terminal, columns, width", [(False, "200", 80), (True, "200", 120), (True, "100", 100), (True, "20", 60)]
)
def test_width(monkeypatch: pytest.MonkeyPatch, terminal: bool, columns: str, width: int) -> None:
    """Logs are 80 columns wide whatever the terminal; a terminal is followed within reason."""
    monkeypatch.setenv("COLUMNS", columns)

    assert look_for(Stream(terminal=terminal)).width == width
