"""Great Expectations, imported once and without what is not used here; ahead where time allows.

Its import takes seconds of one processor. A night whose checks must run begins it while the engine
computes the tables that will be checked.
"""

from __future__ import annotations

import logging
import os
import sys
from threading import Lock, Thread
from types import ModuleType

from pipelines.contracts.later import imported_later

LOGGER = logging.getLogger("jiuzhulian.expectations")
_LOCK = Lock()
_NAME = "great_expectations"


def great_expectations() -> ModuleType:
    """The package; nothing is sent anywhere, and it is silent but for errors."""
    with _LOCK:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        with imported_later("altair", "scipy.stats", without=["pyspark"]):
            import great_expectations as gx

        logging.getLogger(_NAME).setLevel(logging.ERROR)
    return gx


def begin() -> None:
    """Start importing it beside whatever comes next; what fails then, fails where it is used."""
    if _NAME not in sys.modules and "pyspark" not in sys.modules:
        # no daemon: a process that ends while a library is loaded can crash
        Thread(target=_ahead, name="import-great-expectations").start()


def _ahead() -> None:
    try:
        great_expectations()
    except Exception as error:  # the checks import it again, and say what is wrong
        LOGGER.warning("%s could not be imported ahead: %s", _NAME, type(error).__name__)
