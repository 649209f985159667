"""What this program runs on: its version, Python, the machine, and the libraries that it asks for."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata, version

from asstctl._version import __version__
from asstctl.core.doctor import Finding, Standing
from asstctl.core.errors import WrongUsage
from asstctl.core.trace_wish import Wish, wish
from asstctl.providers import PROVIDERS
from asstctl.providers.settings import ENTRA
from asstctl.workspace.doctor.home import Home
from asstctl.workspace.doctor.requirements import Requirement, admits, extras_there, parsed

NAME = "versions"

_FOR_WORK_ON_IT = frozenset({"browser", "dev", "docs"})
"""Extras for whoever works on this program."""

_PYTHON = "Programming Language :: Python :: 3."


def check(home: Home) -> Iterable[Finding]:
    """A finding for each library that does not fit, and one for what there is."""
    try:
        said = metadata("asstctl")
    except PackageNotFoundError:
        return [Finding(NAME, Standing.NOTE, f"{_here()}; not installed, so what it asks for is not known")]
    requirements = parsed(said.get_all("Requires-Dist") or ())
    return [
        *_python(said, platform.python_version()),
        *judged(requirements, installed, needed_extras(home)),
        Finding(NAME, Standing.FINE, _here(extras_there(requirements, installed))),
    ]


def installed(name: str) -> str | None:
    """The version of a distribution that is installed; None where none is."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def judged(
    requirements: Sequence[Requirement], installed: Callable[[str], str | None], needed: Mapping[str, str]
) -> Iterator[Finding]:
    """What is not there, or not of the range that is asked for. `needed` says why by extra."""
    said = set()
    for one in requirements:
        found = installed(one.name)
        if one.extra in _FOR_WORK_ON_IT or one.name in said:
            continue
        if found is None and not one.extra and not one.conditional:
            said.add(one.name)
            yield Finding(NAME, Standing.WRONG, f"{one.name} is not installed", one.typed, f"{one.range} is asked for")
        elif found is not None and not one.admits(found):
            said.add(one.name)
            whose = f"the extra {one.extra}" if one.extra else "asstctl"
            asked = f"{whose} asks for {one.range}"
            yield Finding(NAME, Standing.WARNING, f"{one.name} {found} is installed, and {asked}", one.typed)
    there = extras_there(requirements, installed)
    for extra, why in needed.items():
        if not there.get(extra, True):
            summary = f"the extra {extra} is not installed"
            yield Finding(NAME, Standing.WARNING, summary, f"pip install 'asstctl[{extra}]'", why)


def needed_extras(home: Home) -> dict[str, str]:
    """By extra, what of this project needs it."""
    needed: dict[str, str] = {}
    if home.project is None:
        return needed
    with suppress(WrongUsage):  # which every other command answers with
        if wish(home.workspace.environ) in (Wish.YES, Wish.IF_POSSIBLE):
            needed["otel"] = "the environment asks for traces"
    targets = home.project.targets.values()
    if entra := [one.name for one in targets if one.auth == ENTRA]:
        needed["azure"] = f"target {entra[0]} draws its token from this machine's identity (auth: entra)"
    pdfs = [
        file.file.path
        for one in (home.loaded.desired if home.loaded else ())
        for file in one.files or ()
        if file.file.path.lower().endswith(".pdf")
    ]
    if pdfs and any(PROVIDERS[one.provider].embedded for one in targets):
        needed["pdf"] = f"{pdfs[0]} is read by local targets with it"
    return needed


def _python(said: PackageMetadata, python: str) -> Iterator[Finding]:
    wanted = said["Requires-Python"] or ""
    minors = [one.removeprefix(_PYTHON) for one in said.get_all("Classifier") or () if one.startswith(_PYTHON)]
    newest = max((int(minor) for minor in minors if minor.isdigit()), default=0)
    if not admits(wanted, python):
        hint = "Make an environment with another Python, and install it anew there."
        yield Finding(NAME, Standing.WRONG, f"Python {python} is not supported", hint, f"{wanted} is asked for")
    elif newest and not admits(f"<3.{newest + 1}", python):
        yield Finding(NAME, Standing.NOTE, f"Python {python} is newer than those that {__version__} was tested with")


def _here(extras: Mapping[str, bool] | None = None) -> str:
    named = [extra for extra, there in sorted((extras or {}).items()) if there and extra not in _FOR_WORK_ON_IT]
    with_extras = f" with {', '.join(named)}" if named else ""
    machine = f"{platform.system()} {platform.machine()}".strip()
    return f"{__version__}{with_extras}; Python {platform.python_version()}; {machine}"
