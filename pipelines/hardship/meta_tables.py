"""The policy as tables: meta.policy_parameter and meta.rule."""

from __future__ import annotations

from datetime import date

import polars as pl

from pipelines.hardship.policy_model import COLOURS, Policy


def parameter_frame(policy: Policy) -> pl.DataFrame:
    """Every value of every parameter, with its place, date and source."""
    rows = [
        {
            "name": parameter.name,
            "title_zh": parameter.title_zh,
            "title_en": parameter.title_en,
            "unit": parameter.unit,
            "region": value.region,
            "urban_rural": value.urban_rural,
            "valid_from": value.valid_from,
            "value": value.value,
            "assumption": value.assumption,
            "source": value.source,
            "policy_version": policy.version,
        }
        for _, parameter in sorted(policy.parameters.items())
        for value in parameter.values
    ]
    schema = {
        "name": pl.String, "title_zh": pl.String, "title_en": pl.String, "unit": pl.String,
        "region": pl.String, "urban_rural": pl.String, "valid_from": pl.Date,
        "value": pl.Float64, "assumption": pl.Boolean, "source": pl.String,
        "policy_version": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def rule_frame(policy: Policy, on: date) -> pl.DataFrame:
    """Every rule of the policy, in force tonight or not."""
    rows = [
        {
            "rule_id": rule.rule_id,
            "title_zh": rule.title_zh,
            "title_en": rule.title_en,
            "grain": rule.grain,
            "who": rule.who.text,
            "condition": rule.when.text,
            "measure": rule.measure.text if rule.measure else None,
            "threshold": rule.threshold,
            **{colour: rule.level.get(colour) for colour in COLOURS},
            "list": rule.case,
            "suggest": list(rule.suggest),
            "effective_from": rule.effective_from,
            "effective_to": rule.effective_to,
            "in_force": rule.in_force(on),
            "parameters": list(policy.parameters_of(rule)),
            "rests_on_assumption": any(
                value.assumption
                for name in policy.parameters_of(rule)
                if name in policy.parameters
                for value in policy.parameters[name].values
            ),
            "source": rule.source,
            "policy_version": policy.version,
        }
        for rule in policy.rules
    ]
    number, text = pl.Float64(), pl.String()
    schema: dict[str, pl.DataType] = {
        "rule_id": text, "title_zh": text, "title_en": text, "grain": text, "who": text,
        "condition": text, "measure": text, "threshold": number, "red": number,
        "orange": number, "yellow": number, "list": text, "suggest": pl.List(text),
        "effective_from": pl.Date(), "effective_to": pl.Date(), "in_force": pl.Boolean(),
        "parameters": pl.List(text), "rests_on_assumption": pl.Boolean(), "source": text,
        "policy_version": text,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
