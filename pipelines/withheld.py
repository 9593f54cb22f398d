"""What may be said of an error inside a step: Dagster keeps every error's text for good.

A library's error may quote a row (``could not convert …``), so only its kind and place go on; the
program's own errors go on as they are, without the error behind them.
"""

from __future__ import annotations

import functools
import inspect
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import duckdb

from pipelines.engine.duck import interrupted
from pipelines.errors import JiuzhulianError, ProgramFault, fault_text, shows_tracebacks

Step = TypeVar("Step", bound=Callable[..., Any])
#: these speak of the machine (disk, memory), never of a row
OF_THE_MACHINE = (duckdb.IOException, duckdb.OutOfMemoryException)


@contextmanager
def withheld() -> Iterator[None]:
    """Let no value of a row out in the text of an error, or of one behind it.

    ``JIUZHULIAN_TRACEBACK=1`` shows the whole error on stderr, and keeps it nowhere.
    """
    try:
        yield
    except JiuzhulianError as error:
        raise error from None
    except OSError as error:
        _shown(error)
        said = error.strerror or type(error).__name__
        raise (OSError(said) if error.errno is None else OSError(error.errno, said)) from None
    except Exception as error:
        # the orchestrator's own words (try again) hold no value
        of_dagster = type(error).__module__.split(".", 1)[0] == "dagster"
        if interrupted(error) or isinstance(error, OF_THE_MACHINE) or of_dagster:
            raise error from None
        _shown(error)
        raise ProgramFault(fault_text(error)) from None


def _shown(error: Exception) -> None:
    if shows_tracebacks():
        os.write(2, "".join(traceback.format_exception(error)).encode())


def step(function: Step) -> Step:
    """The same step (or generator of results) of an asset or check, its errors withheld."""

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        with withheld():
            return function(*given, **named)

    @functools.wraps(function)
    def iterate(*given: Any, **named: Any) -> Iterator[Any]:
        with withheld():
            yield from function(*given, **named)

    return iterate if inspect.isgeneratorfunction(function) else call  # type: ignore[return-value]
