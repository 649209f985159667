"""Results as lines for a .env file: `NAME=value`, as shells and readers of such files take them."""

import shlex

from asstctl.core.inventory import Ids
from asstctl.render.escape import visible


def ids_env(ids: Ids) -> str:
    """`ASSTCTL_GUAGUA_ID=asst_…`, one a line. An id is the provider's text, so it is quoted where a shell would act."""
    return "".join(f"{address.id_variable}={shlex.quote(visible(id))}\n" for address, id in ids.ids.items())
