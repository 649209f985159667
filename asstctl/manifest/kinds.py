"""The kinds of manifests; KINDS is the only list."""

from collections.abc import Mapping

from asstctl.manifest.assistants import ASSISTANT
from asstctl.manifest.changes import CHANGES
from asstctl.manifest.functions import FUNCTION
from asstctl.manifest.kind import Kind
from asstctl.manifest.vector_stores import VECTOR_STORE

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (ASSISTANT, FUNCTION, VECTOR_STORE, CHANGES)}

DECLARING = tuple(kind.name for kind in KINDS.values() if kind.has_key)
"""Those whose manifests have an address, and that may have defaults."""

LIVE = tuple(kind for kind in KINDS.values() if kind.read is not None)
"""Those whose manifests become objects on a provider."""
