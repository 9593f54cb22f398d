"""The page of rules, parameters and indicators: every policy pack, with its worked examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.errors import ConfigurationFault
from pipelines.hardship.indicators import indicators
from pipelines.hardship.policy import load_policy
from pipelines.hardship.policy_model import GRAINS, Parameter, Policy, Rule
from pipelines.hardship.worked_examples import Example, read_examples
from pipelines.reference_words import anchor, page, sentence, table
from pipelines.settings import SCHEMAS

PACKS = SCHEMAS / "policies"
DEFAULT = "rizhao"


def rules() -> str:
    """Default pack first, then what indicators there are, then the other packs."""
    policy = load_policy(PACKS / DEFAULT)
    intro = (
        f"The policy pack `schemas/policies/{DEFAULT}`; [other packs](#other-packs) stand below. "
        "A rule raises a lead (疑似), never a decision. `who` says whom it watches, `when` what "
        "makes it fire, `measure` what grades it. The examples lie beside the rules, in "
        "`examples.yaml`, and are worked out by the tests with the statements of the night."
    )
    names = (
        f"### Of a {grain}\n\n"
        + table(
            ["indicator", "kind", "meaning"],
            ([f"`{i.name}`", i.kind, f"{i.zh} · {i.en}"] for i in indicators(grain).values()),
        )
        for grain in GRAINS
    )
    others = sorted(
        folder.name for folder in PACKS.iterdir() if folder.is_dir() and folder.name != DEFAULT
    )
    return page(
        "Rules and parameters", intro, *_rules(policy),
        "## Parameters\n\nA value marked *assumed* rests on no published source; every reason that "
        "uses it says so.", parameters(policy.parameters.values()),
        "## Indicators that rules may use", *names,
        "## Other packs\n\nOf other places, and of the WHO to compare places by; take one with "
        "`--policy schemas/policies/<pack>`.",
        *(part for name in others for part in _pack(name)),
    )  # fmt: skip


def _pack(name: str) -> list[str]:
    policy = load_policy(PACKS / name)
    covered = ", ".join(policy.covers)
    return [
        f"### {name}\n\nCovers {covered}.",
        *_rules(policy, prefix=f"{name}: "),
        f"#### {name}: parameters",
        parameters(policy.parameters.values()),
    ]


def _rules(policy: Policy, prefix: str = "") -> list[str]:
    """The table of a pack's rules and each of them."""
    listed = table(
        ["rule", "grain", "list", "red from", "orange from", "yellow from"],
        (
            [f"[{r.rule_id}](#{anchor(prefix + r.rule_id)})", r.grain, r.case,
             *(r.level.get(colour) for colour in ("red", "orange", "yellow"))]
            for r in policy.rules
        ),
    )  # fmt: skip
    examples, faults = read_examples(PACKS / policy.name, policy)
    if faults:
        raise ConfigurationFault(faults)
    hashes = "####" if prefix else "###"
    return [
        listed,
        *(
            f"{hashes} {prefix}{r.rule_id}\n\n"
            + rule(r, [e for e in examples if e.rule_id == r.rule_id])
            for r in policy.rules
        ),
    ]


def rule(found: Rule, examples: Sequence[Example]) -> str:
    until = f" until {found.effective_to}" if found.effective_to else ""
    pays: list[list[object]] = [["pays", f"`{found.pays.text}` CNY a year"]] if found.pays else []
    rows: list[list[object]] = [
        ["who", f"`{found.who.text}`"],
        ["when", f"`{found.when.text}`"],
        ["measure", f"`{found.measure.text}`" if found.measure else "—"],
        ["threshold", found.threshold],
        *pays,
        ["suggests", "、".join(found.suggest)],
        ["in force", f"from {found.effective_from}{until}"],
        ["source", found.source],
    ]
    return (
        f"{found.title_zh} · {sentence(found.title_en)}\n\n{table(['', ''], rows)}"
        + (f"\n\n{worked(examples)}" if examples else "")
    )  # fmt: skip


def worked(examples: Sequence[Example]) -> str:
    """The examples of a rule: who, the sum in words, and what comes of it."""
    rows = (
        [f"{e.title_zh} · {sentence(e.title_en)}",
         e.sum_zh if e.sum_zh == e.sum_en else f"{e.sum_zh} · {e.sum_en}",
         f"{e.expect}{f': {e.level}' if e.level else ''}",
         "" if e.measure is None else f"{e.measure:g}"]
        for e in examples
    )  # fmt: skip
    return table(["example", "sum", "outcome", "measure"], rows)


def parameters(found: Iterable[Parameter]) -> str:
    rows = (
        [f"`{p.name}`", f"{p.title_zh} · {p.title_en}", v.region, v.urban_rural, v.valid_from,
         "ends" if v.value is None else f"{v.value:g}", p.unit,
         f"{v.source}{' — *assumed*' if v.assumption else ''}"]
        for p in found
        for v in p.values
    )  # fmt: skip
    head = ["parameter", "meaning", "region", "residence", "from", "value", "unit", "source"]
    return table(head, rows)
