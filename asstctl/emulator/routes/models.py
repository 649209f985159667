"""Models: list, get, delete. Listed are the names known to work, and those that anything on this server names."""

from starlette.responses import Response

from asstctl.emulator import refusals
from asstctl.emulator.calls import Call, answer
from asstctl.emulator.objects import model
from asstctl.emulator.store import Store


async def list_models(call: Call) -> Response:
    models = _models(call.services.store)
    return answer({"object": "list", "data": [model.shown(name, created) for name, created in models.items()]})


async def read_model(call: Call) -> Response:
    name = _name(call)
    return answer(model.shown(name, _models(call.services.store).get(name, call.now())))


async def delete_model(call: Call) -> Response:
    """Only a fine-tuned one. It is not listed again; assistants that name it keep it, as any name is taken."""
    name = _name(call)
    if not name.startswith(model.FINE_TUNED):
        raise refusals.model_kept(name)
    with call.services.store.write():
        sql = "INSERT OR IGNORE INTO deleted_models (id) VALUES (?)"
        call.services.store.connection.execute(sql, (name,))
    return answer({"id": name, "object": "model", "deleted": True})


def _name(call: Call) -> str:
    """The name in the path, of which a slash may be part; refused if it is not listed."""
    name = "/".join(call.path.values())
    # An assistant may have any model, so to the lenient mode they are all there.
    if name not in _models(call.services.store) and not call.services.rules.lenient:
        raise refusals.no_such_model(name)
    return name


def _models(store: Store) -> dict[str, int]:
    """Each name with the time at which it was made, or first named."""
    sql = """
      SELECT json_extract(body, '$.model') AS name, min(json_extract(body, '$.created_at')) AS named, min(seq)
      FROM (SELECT seq, body FROM assistants UNION ALL SELECT seq, body FROM agents)
      WHERE name != '' AND name NOT IN (SELECT id FROM deleted_models) GROUP BY name ORDER BY named, min(seq)
    """
    named = {name: first for name, first, _ in store.connection.execute(sql)}
    return {**named, **model.KNOWN}


ROUTES = {
    ("GET", "/v1/models"): list_models,
    ("GET", "/v1/models/{model}"): read_model,
    ("DELETE", "/v1/models/{model}"): delete_model,
    ("GET", "/v1/models/{model}/{rest}"): read_model,
    ("DELETE", "/v1/models/{model}/{rest}"): delete_model,
}
