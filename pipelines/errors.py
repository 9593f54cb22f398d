"""What can go wrong, each with the exit code of the command that meets it.

Messages say what, where and what to do next; never a value of a person.
"""

from __future__ import annotations

from collections.abc import Iterable

EXIT_OK = 0
EXIT_HELD_BACK = 1
EXIT_COULD_NOT_RUN = 2
EXIT_ALREADY_RUNNING = 3


class JiuzhulianError(Exception):
    """Base of every error that a command shows as one clear line."""

    exit_code = EXIT_COULD_NOT_RUN


class ConfigurationFault(JiuzhulianError):
    """Settings, contracts or policy that cannot be read; carries all faults at once."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults: tuple[str, ...] = tuple(faults)
        super().__init__("\n".join(self.faults))


class PromiseBroken(JiuzhulianError):
    """A table that does not have the columns, types or key that its promise file says."""


class EngineFault(JiuzhulianError):
    """The engine could not compute a statement; the row's values are withheld."""


class PublicationHeldBack(JiuzhulianError):
    """The night ran, but a blocking check failed: the previous night stays published."""

    exit_code = EXIT_HELD_BACK


class AlreadyRunning(JiuzhulianError):
    """Another run holds the lock of this HOME."""

    exit_code = EXIT_ALREADY_RUNNING


class NotFound(JiuzhulianError):
    """Something that was asked for by name (a case, a night, a table) is not there."""
