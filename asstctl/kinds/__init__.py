"""The kinds of resources; KINDS is the only list of those that live on a provider.

Kind `function` has no live object: its changes show under each user's tools.
"""

from asstctl.kinds.assistant_fields import ASSISTANT
from asstctl.kinds.field import Kind
from asstctl.kinds.vector_store_fields import VECTOR_STORE

KINDS: dict[str, Kind] = {kind.name: kind for kind in (VECTOR_STORE, ASSISTANT)}
