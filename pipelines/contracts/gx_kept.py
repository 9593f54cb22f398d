"""What Great Expectations works out again and again for one check, worked out once.

It asks an expectation for its configuration about a hundred times while it validates it, and each
time copies, sorts and names it anew; it looks at every text of a metric's key for numpy's types;
and it writes its project into a store in memory for each relation that is named. That was half of
what a check costs. Its results are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

_PLAIN = (str, int, type(None))


@contextmanager
def worked_out_once() -> Iterator[None]:
    """Within it no expectation may be changed: its configuration is made once."""
    from great_expectations.expectations.expectation import Expectation

    id_dict: Any = import_module("great_expectations.core.id_dict")
    made: Any = Expectation.configuration
    converted: Any = id_dict.convert_to_json_serializable
    held: dict[int, tuple[Any, Any]] = {}

    def configuration(self: Any) -> Any:
        found = held.get(id(self))
        if found is None:
            # the expectation is held, too, so that no other comes to stand at its address
            found = held[id(self)] = self, made.fget(self)
        return found[1]

    def serializable(data: Any) -> Any:
        plain = isinstance(data, dict) and all(isinstance(v, _PLAIN) for v in data.values())
        return data if plain else converted(data=data)

    Expectation.configuration = property(configuration)  # type: ignore[method-assign, assignment]
    id_dict.convert_to_json_serializable = serializable
    try:
        yield
    finally:
        Expectation.configuration = made  # type: ignore[method-assign]
        id_dict.convert_to_json_serializable = converted


def without_store(context: Any) -> Any:
    """An ephemeral context that does not write its project down when a relation is named."""
    context._save_project_config = lambda: None
    return context
