"""The database of a local target, looked at without opening it for use: nothing beside it is made or changed."""

from pathlib import Path

from asstctl.emulator import Inspected as Inspected
from asstctl.emulator import SqliteFeatures as SqliteFeatures
from asstctl.emulator import inspect_database
from asstctl.emulator import sqlite_features as sqlite_features
from asstctl.providers.local.failures import damaged, explained


def inspected(database: Path, place: str) -> Inspected:
    """What can be told of it. Raises StoreError for one that cannot be used."""
    with explained(place):
        found = inspect_database(database, name=place)
    if found.damage:
        raise damaged(place, found.damage)
    return found
