"""Imports of other people's modules that wait until something of them is used.

Great Expectations imports what draws charts and tests distributions, a third of its start, for
expectations that are not used here.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module; the first use of something in it imports the module itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def imported_later(*names: str, without: Collection[str] = ()) -> Iterator[None]:
    """What is imported inside gets stand-ins for these modules, unless they are loaded already.

    ``without``: modules that it finds not to be installed. Afterwards an import of any of them
    elsewhere is the usual one.
    """
    given: dict[str, ModuleType | None] = {name: _Later(name) for name in names}
    given.update(dict.fromkeys(without))
    given = {name: stand_in for name, stand_in in given.items() if name not in sys.modules}
    sys.modules.update(given)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name, stand_in in given.items():
            if name in sys.modules and sys.modules[name] is stand_in:
                del sys.modules[name]
