"""Why a file is refused. The text goes into its receipt and is published: it names no value."""

from __future__ import annotations


class Refusal(Exception):
    """This file cannot be used as it stands; ``str()`` says what is wrong and what to do."""


class UnbalancedQuotes(Exception):
    """A quotation mark was opened and not closed, or a row is longer than a block: the file must be
    read line by line."""


class FileChanging(Exception):
    """The file changed while it was being read: it is left for the next run."""


def is_fault_of_reader(error: BaseException) -> bool:
    """Whether a library failed on a file; its panics are no ``Exception`` to Python."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"
