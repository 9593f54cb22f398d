"""Groups of assets: the room in flow order, and below it what kind of table.

The user interface sorts groups by name, so that a room's number puts it where the night has it.
"""

from pipelines.rooms import ROOMS


def group(room: str, key: str) -> str:
    """Such as ``6_hardship/quality``; ``key`` is the first part of an asset's key, or a kind."""
    return f"{ROOMS.index(room) + 1}_{room}/{key}"


def room_of(group_name: str) -> str:
    """The room that a group belongs to."""
    return group_name.split("/", 1)[0].split("_", 1)[1]


def kind_of_table(table: str) -> str:
    """raw and standard tables by the department that they come from; all others by schema."""
    schema, name = table.split(".", 1)
    for prefix in ("raw_", "std_"):
        if name.startswith(prefix):
            return name.removeprefix(prefix).split("__", 1)[0]
    return schema
