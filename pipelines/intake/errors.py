"""Why a file is refused. The text goes into its receipt and is published: it names no value."""

from __future__ import annotations

from pathlib import Path


class Refusal(Exception):
    """This file cannot be used as it stands; ``str()`` says what is wrong and what to do."""


class UnbalancedQuotes(Exception):
    """A quotation mark was opened and not closed: the file must be read line by line."""


class FileChanging(Exception):
    """The file changed while it was being read: it is left for the next run."""


def place_of(error: BaseException) -> str:
    """Kind of an unexpected error and where it arose: never its text, which may hold values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} in {Path(code.co_filename).stem}.{code.co_name}"


def is_fault_of_reader(error: BaseException) -> bool:
    """Whether a library failed on a file; its panics are no ``Exception`` to Python."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def could_not_be_read(error: BaseException) -> str:
    """Why a file is refused on which a library failed."""
    return f"could not be read: {place_of(error)}"
