"""Extras: tests that need Chromium, Java, MariaDB, LibreOffice, a disk or a network namespace of
their own are left out where it is missing; those that take minutes where nobody asks for them.

That they are is said at the end. ``JIUZHULIAN_REQUIRE=browser,mariadb,office,…`` (CI names them
all) turns a missing extra into a failure.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# no test asserts how long an example takes: other work on the machine would decide it
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# a night of the tests keeps no record for the user interface, unless a test asks for one
os.environ.setdefault("JIUZHULIAN_RECORD_RUNS", "0")

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Where a Chromium lies, if there is one."""
    return next((found for name in CHROMIUM if (found := shutil.which(name))), None)


def no_browser() -> str | None:
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (uv sync --group browser)"
    return None if chromium() else "Chromium is not installed"


def no_spark() -> str | None:
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (uv sync --group spark)"
    java = os.environ.get("JAVA_HOME") or shutil.which("java")
    return None if java else "Java is not installed"


def no_mariadb() -> str | None:
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin"
    lacking = [name for name in ("mariadbd", "mariadb-install-db") if not shutil.which(name)]
    return f"{lacking[0]} is not installed (package mariadb-server-core)" if lacking else None


def no_office() -> str | None:
    missing = [name for name in ("soffice", "pdftotext") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed" if missing else None


def no_isolation() -> str | None:
    words = ["unshare", "--net", "--map-root-user", "true"]
    if shutil.which("unshare") is None:
        return "unshare is not installed (package util-linux)"
    ended = subprocess.run(words, capture_output=True, check=False)
    return "this machine allows no network namespace" if ended.returncode else None


def no_service() -> str | None:
    """The service takes minutes, so it is tested where it is required."""
    if "service" in required():
        return None if Path("/proc/self/stat").exists() else "there is no /proc"
    return "takes minutes (JIUZHULIAN_REQUIRE=service)"


def no_mount() -> str | None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        return "only root may mount a small disk"
    with tempfile.TemporaryDirectory() as place:
        tried = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], capture_output=True
        )
        if tried.returncode:
            return "no disk can be mounted here"
        subprocess.run(["umount", place], check=True)
    return None


def no_soak() -> str | None:
    return None if "soak" in required() else "asked for by JIUZHULIAN_REQUIRE=soak (CI, make soak)"


def no_long() -> str | None:
    return None if "long" in required() else "asked for by JIUZHULIAN_REQUIRE=long (CI)"


def no_cluster() -> str | None:
    """A whole night on Spark processes takes minutes."""
    return (
        None
        if "cluster" in required()
        else "asked for by JIUZHULIAN_REQUIRE=cluster (CI, make soak)"
    )


def no_parity() -> str | None:
    """Three whole nights on Spark processes take half an hour and more."""
    return None if "parity" in required() else "asked for by JIUZHULIAN_REQUIRE=parity (make soak)"


EXTRAS: dict[str, Callable[[], str | None]] = {
    "browser": no_browser,
    "cluster": no_cluster,
    "isolation": no_isolation,
    "long": no_long,
    "mariadb": no_mariadb,
    "mount": no_mount,
    "office": no_office,
    "parity": no_parity,
    "service": no_service,
    "soak": no_soak,
    "spark": no_spark,
}


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium of a test marked ``browser``."""
    found = chromium()
    assert found is not None
    return found


def required() -> set[str]:
    given = os.environ.get("JIUZHULIAN_REQUIRE", "")
    return {name.strip() for name in given.split(",") if name.strip()}


def pytest_configure(config: pytest.Config) -> None:
    if unknown := required() - set(EXTRAS):
        raise pytest.UsageError(
            f"JIUZHULIAN_REQUIRE names {', '.join(sorted(unknown))}; extras are {', '.join(EXTRAS)}"
        )


def minutes(item: pytest.Item) -> int:
    """What a test says that it takes, like ``soak(minutes=8)``."""
    return max((mark.kwargs.get("minutes", 0) for mark in item.iter_markers("soak")), default=0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that processes beside each other end at about the same time."""
    items.sort(key=minutes, reverse=True)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, lacking in EXTRAS.items():
        if item.get_closest_marker(name) and (reason := lacking()):
            if name in required():
                pytest.fail(f"{name} is required (JIUZHULIAN_REQUIRE): {reason}", pytrace=False)
            pytest.skip(f"{name}: {reason}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line: which extras were left out, and how many tests with them."""
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = Counter(
        name for report in skipped for name in EXTRAS if name in getattr(report, "keywords", {})
    )
    said = [
        f"{name} ({count} tests): {EXTRAS[name]() or 'skipped'}" for name, count in left_out.items()
    ]
    terminalreporter.write_line(f"extras left out: {'; '.join(said) or 'none'}")
