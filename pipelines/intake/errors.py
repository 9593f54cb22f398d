"""Why a file is refused. The text goes into its receipt and is published: it names no value."""

from __future__ import annotations


class Refusal(Exception):
    """This file cannot be used as it stands; ``str()`` says what is wrong and what to do."""


class UnbalancedQuotes(Exception):
    """A quotation mark was opened and not closed: the file must be read line by line."""


class FileChanging(Exception):
    """The file changed while it was being read: it is left for the next run."""
