"""Forges: adapters to the hosts of repositories, one package each. This table is the list of them.

Each reads its runner's environment and speaks its API (`core.ports.Forge`). What a pull request means for a plan is
decided in `workspace.ci`, which also writes what `outputs`, `summary` and `annotations` say.
Importing this module loads no adapter; `opener` is the first to load httpx2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from asstctl.core.diagnostic import Diagnostic
from asstctl.core.forge import Pipeline, ToRunner

if TYPE_CHECKING:
    from asstctl.core.ports import Forge


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a forge's parts are, as `module:name`. Its runner sets `sign` to `true`; where it sets one of `others`, it
    is another one that copies it. `comment_limit` is in characters, `summary_limit` in bytes of UTF-8: of a longer one
    nothing is shown."""

    sign: str
    pipeline: str
    opener: str
    outputs: str
    summary: str
    annotations: str
    comment_limit: int
    summary_limit: int
    others: tuple[str, ...] = ()


FORGES: Mapping[str, Entry] = {
    "github": Entry(
        sign="GITHUB_ACTIONS",
        pipeline="asstctl.forges.github.pipeline:pipeline",
        opener="asstctl.forges.github.forge:open_forge",
        outputs="asstctl.forges.github.runner:outputs",
        summary="asstctl.forges.github.runner:summary",
        annotations="asstctl.forges.github.runner:annotations",
        comment_limit=65_536,
        summary_limit=1024 * 1024,
        others=("GITEA_ACTIONS", "FORGEJO_ACTIONS"),
    ),
    "gitlab": Entry(
        sign="GITLAB_CI",
        pipeline="asstctl.forges.gitlab.pipeline:pipeline",
        opener="asstctl.forges.gitlab.forge:open_forge",
        outputs="asstctl.forges.gitlab.runner:outputs",
        summary="asstctl.forges.gitlab.runner:summary",
        annotations="asstctl.forges.gitlab.runner:annotations",
        comment_limit=1_000_000,
        summary_limit=0,
    ),
}


def forge_here(environ: Mapping[str, str]) -> str | None:
    """The forge on whose runner this is; None elsewhere."""
    for name, entry in FORGES.items():
        if environ.get(entry.sign) == "true" and not any(environ.get(other) for other in entry.others):
            return name
    return None


def pipeline_here(environ: Mapping[str, str]) -> Pipeline | None:
    """What the runner says of this run; None where it is not a forge's. Raises Refused where it does not say enough."""
    forge = forge_here(environ)
    if forge is None:
        return None
    read = cast(Callable[[Mapping[str, str]], Pipeline], _load(FORGES[forge].pipeline))
    return read(environ)


def opener(forge: str) -> "Callable[..., Forge]":
    """A forge's `open_forge(pipeline, environ, *, observer=None, tracer=UNTRACED)`. It raises Refused without a
    token, and sends nothing."""
    return cast("Callable[..., Forge]", _load(FORGES[forge].opener))


def outputs(forge: str, environ: Mapping[str, str], values: Mapping[str, str]) -> ToRunner:
    """How later steps of this run are told values by their names."""
    return cast(Callable[..., ToRunner], _load(FORGES[forge].outputs))(environ, values)


def summary(forge: str, environ: Mapping[str, str], markdown: str) -> ToRunner:
    """How a run shows a text on its own page."""
    return cast(Callable[..., ToRunner], _load(FORGES[forge].summary))(environ, markdown)


def annotations(forge: str, environ: Mapping[str, str], diagnostics: Sequence[Diagnostic]) -> ToRunner:
    """How diagnostics are shown at their lines; paths are relative to the repository."""
    return cast(Callable[..., ToRunner], _load(FORGES[forge].annotations))(environ, diagnostics)


def _load(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
