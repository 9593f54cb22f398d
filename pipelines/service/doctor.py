"""``jiuzhulian doctor``: what is wrong with an installation, in order, each with the next step.

The order is that of cause and effect: what stands first may be why the rest is wrong. The checks
themselves stand in ``doctor_machine`` and ``doctor_nights``; nothing is changed by looking.
"""

from __future__ import annotations

import json as json_text
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import ConfigurationFault, JiuzhulianError
from pipelines.lake.home import Home
from pipelines.service import doctor_machine, doctor_nights
from pipelines.service.findings import Finding, Level, Look
from pipelines.service.notices import Notice, send
from pipelines.settings import Settings, read_settings

#: machine, then configuration, then places, then what ran
CHECKS: tuple[Callable[[Look], Iterator[Finding]], ...] = (
    doctor_machine.python,
    doctor_machine.libraries,
    doctor_machine.clock,
    doctor_machine.configuration,
    doctor_machine.landing,
    doctor_machine.home,
    doctor_machine.key,
    doctor_machine.disk,
    doctor_machine.lock,
    doctor_nights.storage,
    doctor_nights.service,
    doctor_nights.automation,
    doctor_nights.last_night,
    doctor_nights.published,
    doctor_nights.feeds,
    doctor_nights.notices,
)


def examine(given: dict[str, Any]) -> list[Finding]:
    """Every finding, good ones too; ``given`` is what stood on the command line."""
    try:
        settings = read_settings(**given)
    except ConfigurationFault as error:
        return [
            *doctor_machine.without_settings(),
            *(Finding("settings", Level.WRONG, *_parted(fault)) for fault in error.faults),
        ]
    return examined(settings)


def examined(settings: Settings) -> list[Finding]:
    look = Look(settings, Home(settings.home))
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(look)
        except (OSError, JiuzhulianError) as error:
            told = error.strerror if isinstance(error, OSError) else str(error)
            found.append(
                Finding(
                    check.__name__, Level.WRONG, f"could not be looked at: {told}",
                    "run this as the user of the service",
                )
            )  # fmt: skip
    return found


def exit_code(findings: list[Finding]) -> int:
    """0 where nothing keeps nights from running and people from trusting them, else 1."""
    return 1 if any(one.level is Level.WRONG for one in findings) else 0


def report(findings: list[Finding], *, json: bool = False) -> str:
    if json:
        listed = [
            {"check": f.check, "level": f.level.value, "what": f.what, "next": f.next_step}
            for f in findings
        ]
        return json_text.dumps(listed, ensure_ascii=False, indent=1)
    lines = []
    for one in findings:
        lines.append(f"{one.level.value:<5} {one.check:<14} {one.what}")
        if one.next_step and one.level is not Level.GOOD:
            lines.append(f"{'':<20} → {one.next_step}")
    wrong = sum(one.level is Level.WRONG for one in findings)
    doubtful = sum(one.level is Level.LOOK for one in findings)
    lines.append(f"{wrong} wrong, {doubtful} to look at, {len(findings) - wrong - doubtful} good")
    return "\n".join(lines)


def tell_people(findings: list[Finding], home: Path | None) -> None:
    """One notice with everything that is wrong; none where nothing is."""
    wrong = [one for one in findings if one.level is Level.WRONG]
    if not wrong:
        return
    settings = read_settings(**({"home": home} if home else {}))
    told = "\n".join(f"{one.check}: {one.what}" for one in wrong)
    steps = "\n".join(one.next_step for one in wrong)
    send(Home(settings.home).create(), settings.notify, Notice("doctor", told, steps))


def _parted(fault: str) -> tuple[str, str]:
    """A fault of the settings as what is wrong and what to do."""
    what, _, step = fault.rpartition(": ")
    return (what, step) if what else (fault, "mend settings.toml")
