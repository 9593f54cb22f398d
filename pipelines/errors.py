"""What can go wrong, each with the exit code of the command that meets it, and how it is told.

Messages say what, where and what to do next; never a value of a person.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

EXIT_OK = 0
EXIT_HELD_BACK = 1
EXIT_COULD_NOT_RUN = 2
EXIT_ALREADY_RUNNING = 3
EXIT_PROGRAM_FAULT = 4
EXIT_NOT_THE_SAME = 5
EXIT_SERVICE_ENDED = 6
EXIT_STOPPED = 130


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


class ProgramFault(JiuzhulianError):
    """A fault of the program inside a step; what the error said is withheld, it may quote a row."""

    exit_code = EXIT_PROGRAM_FAULT


class ServiceEnded(JiuzhulianError):
    """A process of the service ended by itself; everything else of it was stopped."""

    exit_code = EXIT_SERVICE_ENDED


class NotFound(JiuzhulianError):
    """Something that was asked for by name (a case, a night, a table) is not there."""


class DamagedState(JiuzhulianError):
    """A file of the HOME cannot be read or has lost a part; what was published stays."""


class MachineFault(JiuzhulianError):
    """The machine would not go on: a full disk, a HOME that cannot be written, no memory."""


class Stopped(JiuzhulianError):
    """Somebody stopped the command (Ctrl-C); what was published before is unchanged."""

    exit_code = EXIT_STOPPED


def ended(work: Callable[[], object]) -> int:
    """Run a command to its exit code; whatever goes wrong is a clear line on stderr.

    An error that is not ours may quote a row, so only its kind and place are told; with
    ``JIUZHULIAN_TRACEBACK=1`` it is raised as it is.
    """
    try:
        code = work()
    except ConfigurationFault as error:
        _tell(*error.faults)
        return error.exit_code
    except JiuzhulianError as error:
        _tell(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _tell("stopped")
        return EXIT_STOPPED
    except Exception as error:
        if shows_tracebacks():
            raise
        _tell(fault_text(error))
        return EXIT_PROGRAM_FAULT
    return code if isinstance(code, int) else EXIT_OK


def shows_tracebacks() -> bool:
    """Whether whoever started the command asked to see errors whole."""
    return os.environ.get("JIUZHULIAN_TRACEBACK") == "1"


def fault_text(error: BaseException) -> str:
    """Kind and place of an error that is not ours; its own words may quote a row."""
    return (
        f"a fault of the program, {type(error).__name__} {_place(error)}: please report this "
        "line; JIUZHULIAN_TRACEBACK=1 shows more, which may quote a person's data"
    )


def _tell(*messages: str) -> None:
    for message in messages:
        line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
        sys.stderr.write(f"error: {line}\n")


def _place(error: BaseException) -> str:
    """The last line of our own code that the error came through."""
    here, place = str(Path(__file__).resolve().parents[1]), "outside"
    step = error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if file.startswith(here) and "site-packages" not in file:
            place = f"at {Path(file).relative_to(here)}:{step.tb_lineno}"
        step = step.tb_next
    return place
