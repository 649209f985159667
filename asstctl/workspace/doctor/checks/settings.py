"""What the environment says to this program: how much of it counts, and what nobody reads."""

from collections.abc import Iterable, Iterator

from asstctl.core.address import Address
from asstctl.core.allowed import HOSTS, NAMES
from asstctl.core.doctor import SETTINGS, Finding, Standing
from asstctl.core.suggest import nearest, some_of
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.doctor.settings import PREFIX, odd_names


def check(home: Home) -> Iterable[Finding]:
    """A finding for each variable that nothing reads, else one that counts those that are set."""
    environ, options = home.workspace.environ, home.options
    declared: Iterable[Address] = home.loaded.declared if home.loaded else ()
    ids = [one.id_variable for one in declared]
    if found := [_unread(name, options) for name in odd_names(environ, options, ids)]:
        return found
    return list(_said([name for name in sorted(options) if name in environ]))


def _unread(name: str, options: Iterable[str]) -> Finding:
    # all begin alike, which makes no two of them near
    meant = nearest(name.removeprefix(PREFIX), [one.removeprefix(PREFIX).lower() for one in options])
    hint = f"Did you mean {PREFIX}{meant.upper()}?" if meant else f"Take it out of the environment: unset {name}"
    return Finding(SETTINGS, Standing.WARNING, f"{name} is set, and nothing reads it", hint)


def _said(names: list[str]) -> Iterator[Finding]:
    limited = [name for name in (HOSTS, NAMES) if name in names]
    if limited:
        summary = f"{' and '.join(limited)} {'limits' if len(limited) == 1 else 'limit'} what is sent and read"
        yield Finding(SETTINGS, Standing.FINE, summary)
    elif names:
        yield Finding(SETTINGS, Standing.FINE, f"from the environment: {some_of(names)}")
