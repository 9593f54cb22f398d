"""Where landing, policy and HOME lie, and the one open night of a run."""

from datetime import date
from pathlib import Path

import dagster as dg

from pipelines.lake.night import Night
from pipelines.nightly import night_of_run
from pipelines.settings import Settings, read_settings


class NightResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Empty fields fall back to ``settings.toml`` and the environment."""

    landing: str = ""
    policy: str = ""
    home: str = ""
    #: make every table anew instead of taking over those whose inputs are unchanged
    rebuild: bool = False

    def settings(self) -> Settings:
        given = {
            name: Path(value)
            for name in ("landing", "policy", "home")
            if (value := getattr(self, name))
        }
        return read_settings(**given)

    def of(self, context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> Night:
        """The night of this run's partition; opened once per run, with the HOME locked."""
        as_of = date.fromisoformat(context.run.tags["dagster/partition"])
        return night_of_run(context.run.run_id, self.settings(), as_of, rebuild=self.rebuild)
