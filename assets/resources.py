"""Where landing, policy and HOME lie, and the one open night of a run.

The fields are what the launchpad of the user interface offers; each says what it does.
"""

import time
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field

from pipelines.errors import AlreadyRunning, ConfigurationFault
from pipelines.hardship.policy import policy_version
from pipelines.lake.night import Night
from pipelines.nightly import COMMANDED, night_of_run
from pipelines.publish.version import code_version
from pipelines.service.nights import TRIGGER
from pipelines.settings import Settings, read_settings

#: seconds for which a run that nobody watches waits for a command that is using the HOME
PATIENCE = 3600
POLL = 5.0


class NightResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Empty fields fall back to ``settings.toml`` and the environment."""

    landing: str = Field(
        default="",
        description="来文目录 · Folder with <source>/<dataset>/ files; empty: as in the settings.",
    )
    policy: str = Field(
        default="",
        description="政策包目录 · Another policy: a folder with parameters.yaml and rules.yaml. "
        "The night is published under it; to only look, use `jiuzhulian simulate`. Empty: as in "
        "the settings.",
    )
    home: str = Field(
        default="",
        description="结果目录 · HOME, where state and results lie; empty: as in the settings.",
    )
    rebuild: bool = Field(
        default=False,
        description="全部重算 · Make every table anew, also those whose inputs are unchanged: for "
        "a backfill (补算) after a change that fingerprints do not see.",
    )
    department: str = Field(
        default="",
        description="只收一个部门 · Take in the files of one source only (civil_affairs, "
        "medical_insurance, …); what others sent waits, and the night is made from what is there. "
        "Empty: all of them.",
    )
    pull: bool = Field(
        default=True,
        description="拉取 · Ask the departments' databases and remote folders; switch it off for a "
        "backfill of past nights.",
    )

    def settings(self) -> Settings:
        if (commanded := COMMANDED.get()) is not None:
            return commanded
        given = {
            name: Path(value)
            for name in ("landing", "policy", "home")
            if (value := getattr(self, name))
        }
        return read_settings(**given)

    def of(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
        """The night of this run's partition; opened once per run, with the HOME locked."""
        partition = context.run.tags.get("dagster/partition")
        if partition is None:
            raise ConfigurationFault(
                ["this run names no night: launch it with a partition (截止日)"]
            )
        as_of = date.fromisoformat(partition)
        until = time.monotonic() + (PATIENCE if TRIGGER in context.run.tags else 0)
        while True:
            try:
                return night_of_run(
                    context.run.run_id, self.settings(), as_of,
                    rebuild=self.rebuild, opened=lambda night: self._mark(context, night),
                )  # fmt: skip
            except AlreadyRunning:
                if time.monotonic() > until:
                    raise
                time.sleep(POLL)

    def _mark(
        self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, night: Night
    ) -> None:
        """Tags of the run: what it is about, and which policy and program it was made with."""
        marks = {
            "as_of": night.as_of.isoformat(),
            "policy": night.policy_dir.name,
            "policy_version": policy_version(night.policy_dir),
            "program_version": code_version(),
        }
        if self.department:
            marks["department"] = self.department
        context.instance.add_run_tags(context.run.run_id, marks)
