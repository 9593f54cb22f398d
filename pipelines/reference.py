"""The reference pages of the manual, from contracts, promises, policy, settings and commands.

``python -m pipelines.reference`` writes them; ``--check`` compares and names what is stale;
``--home`` also asks the README's queries of a night. Prose of a person does not belong here.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import typer

from pipelines import cli, column_lineage, errors
from pipelines.contracts import json_schema
from pipelines.contracts.codes import load_codes
from pipelines.contracts.load import load_contracts
from pipelines.contracts.model import Contract
from pipelines.contracts.promises import Promise, load_macros, load_promises, load_views
from pipelines.hardship import policy_json_schema
from pipelines.logs import stderr, stdout
from pipelines.reference_rules import rules
from pipelines.reference_words import anchor, code, page, sentence, table
from pipelines.settings import ROOT, Settings

DOCS = ROOT / "docs"
QUERY_BLOCK = re.compile(r"<!-- query: (\w+) -->\n.*?<!-- /query -->", re.DOTALL)
RESULT = re.compile(r"```\n\n(.*)\n<!-- /query -->", re.DOTALL)


# -- datasets


def datasets() -> str:
    contracts = load_contracts()
    listed = table(
        ["dataset", "what", "mode", "late after"],
        (
            [f"[{c.name}](#{anchor(c.name)})", f"{c.title_zh} · {c.title_en}", c.mode, days(c)]
            for c in contracts.values()
        ),
    )
    intro = (
        "What departments deliver, as `LANDING/<source>/<dataset>/<any name>_<YYYYMMDD>.<ending>`. "
        "One contract per dataset in `schemas/sources`. A **required** column refuses a file "
        "without it. Headers are compared without case, spaces, `*` and bracketed units."
    )
    return page("Datasets", intro, listed, *map(dataset, contracts.values()), code_lists())


def dataset(contract: Contract) -> str:
    lead = (
        f"## {contract.name}\n\n{contract.zh}。 {sentence(contract.en)}\n\n"
        f"Mode *{contract.mode}* · key {code(contract.key)} · late after: {days(contract)} · "
        f"answers for it: {contract.owner} · "
        f"{'optional: not every site has it · ' if contract.optional else ''}"
        f"roles: {', '.join(dict.fromkeys(role.role for role in contract.roles))}"
    )
    rows = (
        [
            f"**{c.name}**" if c.required else c.name,
            c.kind if c.codes is None else f"{c.kind} ([{c.codes}](#code-lists))",
            f"{c.zh} · {c.en}",
            "、".join(c.aliases),
            c.classification,
        ]
        for c in contract.columns
    )
    return f"{lead}\n\n{table(['column', 'kind', 'meaning', 'headers', 'class'], rows)}"


def days(contract: Contract) -> str:
    return f"{contract.due_days} days" if contract.due_days else "—"


def code_lists() -> str:
    lists = load_codes()
    rows = (
        [f"`{name}`", listed.zh, listed.en, "、".join(value.code for value in listed.values)]
        for name, listed in sorted(lists.items())
    )
    intro = (
        "A value that its list does not know is kept as it is. Other spellings of each code stand "
        "in `schemas/codes`."
    )
    return f"## Code lists\n\n{intro}\n\n{table(['list', '', 'of', 'codes'], rows)}"


# -- tables


def tables() -> str:
    promises = [p for _, p in sorted(load_promises().items())]
    published = [p for p in promises if p.published is True]
    restricted = [p for p in promises if p.published == "restricted"]
    inner = [p for p in promises if p.published is False]
    intro = (
        "What a night makes, from the promises in `schemas/tables`, `views` and `macros`. "
        "**Key** columns are in bold. `class`: identifying, pseudonym, quasi, sensitive or public. "
        "In the files every table and column carries this text as its comment."
    )
    return page(
        "Tables",
        intro,
        "## published/monitoring.duckdb",
        *map(promised, published),
        "## Views and macros\n\nIn the same file, over its tables; their statements stand in "
        "`pipelines/publish/analysis`. How to use them: [ask the file](../how-to/ask-the-file.md).",
        *(promised(p) for _, p in sorted(load_views().items())),
        table(
            ["macro", "", "arguments"],
            (
                [
                    f"`{p.table}({', '.join(p.column_names)})`",
                    f"{p.zh} {sentence(p.en)}",
                    ", ".join(f"{c.name} {c.type}" for c in p.columns),
                ]
                for _, p in sorted(load_macros().items())
            ),
        ),
        "## restricted/identity.duckdb",
        *(promised(p, flat=True) for p in restricted),
        "## Between the rooms\n\nKept in the lake under `restricted/`, not published.",
        table(["table", "one row is", "what"], ([f"`{p.table}`", p.grain, p.en] for p in inner)),
    )


def promised(promise: Promise, *, flat: bool = False) -> str:
    rows = (
        [
            f"**{c.name}**" if c.name in promise.key else c.name,
            c.type,
            "" if c.nullable and c.name not in promise.key else "never NULL",
            f"{c.zh} · {c.en}",
            c.class_,
        ]
        for c in promise.columns
    )
    return (
        f"### {promise.name if flat else promise.table}\n\n"
        f"{promise.title_zh} · {promise.title_en}. One row is {promise.grain}.\n\n"
        f"{promise.zh} {sentence(promise.en)}\n\n"
        f"{table(['column', 'type', '', 'meaning', 'class'], rows)}"
    )


# -- commands and exit codes


def commands() -> str:
    group: Any = typer.main.get_command(cli.app)
    intro = (
        "The command `jiuzhulian`. What is not said on the command line is read from the "
        "[settings](#settings)."
    )
    return page(
        "Commands",
        intro,
        *(command(name, found) for name, found in flat(group)),
        settings(),
    )


def flat(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Commands with their full names, those of groups (quarantine list) among them."""
    for name, found in group.commands.items():
        if hasattr(found, "commands"):
            yield from flat(found, f"{before}{name} ")
        else:
            yield f"{before}{name}", found


def command(name: str, found: Any) -> str:
    rows = (
        [
            f"`{'` `'.join(option.opts)}`" if option.param_type_name == "option"
            else f"`{option.name.upper()}`",
            "required" if option.required else default(option.default),
            getattr(option, "help", None),
        ]
        for option in found.params
    )  # fmt: skip
    return f"## jiuzhulian {name}\n\n{found.help}\n\n{table(['option', 'default', ''], rows)}"


def default(value: Any) -> str:
    return "" if value is None or value is False else f"`{value}`"


def settings() -> str:
    told = setting_notes()
    rows = (
        [f"`{name}`", f"`JIUZHULIAN_{name.upper()}`", shown(field.default), told.get(name)]
        for name, field in Settings.model_fields.items()
    )
    return (
        "## Settings\n\nFrom the command line, else the environment, else `settings.toml` in the "
        "working directory (see `settings.example.toml`).\n\n"
        + table(["setting", "environment", "default", ""], rows)
    )


def setting_notes() -> dict[str, str]:
    """The ``#:`` comments above the fields of Settings."""
    found = re.findall(r"((?:^ +#: .*\n)+) +(\w+):", inspect.getsource(Settings), re.MULTILINE)
    return {name: " ".join(re.sub(r" *#: ", " ", note).split()) for note, name in found}


def shown(value: Any) -> str:
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT).as_posix()
    return "" if value is None else f"`{value}`"


def exit_codes() -> str:
    meaning = {
        errors.EXIT_OK: ["Done."],
        errors.EXIT_PROGRAM_FAULT: [
            "A fault of the program that nobody foresaw; only its kind and place are said."
        ],
        errors.EXIT_NOT_THE_SAME: [
            "A replayed night did not come out as it was then, or a published file is no longer "
            "what was published (`versions --verify`)."
        ],
    }
    for found in vars(errors).values():
        if inspect.isclass(found) and issubclass(found, errors.JiuzhulianError):
            if found is errors.JiuzhulianError:
                continue
            told = " ".join((inspect.getdoc(found) or "").split())
            meaning.setdefault(found.exit_code, []).append(told)
    rows = [[number, " ".join(told)] for number, told in sorted(meaning.items())]
    intro = (
        "Every command ends with one of these. What went wrong stands on stderr, one line per "
        "fault; it names what, where and what to do, and never a value of a person."
    )
    return page("Exit codes", intro, table(["code", "when"], rows))


# -- queries shown in the README


def with_queries(text: str, home: Path | None = None) -> str:
    """README text with its queries as in docs/queries, and their answers where a HOME is given."""
    monitoring = home / "published" / "monitoring.duckdb" if home else None

    def block(match: re.Match[str]) -> str:
        name = match.group(1)
        sql = (DOCS / "queries" / f"{name}.sql").read_text(encoding="utf-8")
        kept = RESULT.search(match.group(0))
        answer = asked(monitoring, sql) if monitoring else kept.group(1) if kept else ""
        return f"<!-- query: {name} -->\n```sql\n{sql}```\n\n{answer}\n<!-- /query -->"

    return QUERY_BLOCK.sub(block, text)


def asked(monitoring: Path, sql: str) -> str:
    """A query's answer as a table."""
    con = duckdb.connect(str(monitoring), read_only=True)
    try:
        answer = con.execute(sql)
        head = [column[0] for column in answer.description or ()]
        rows = answer.fetchall()
    finally:
        con.close()
    return table(head, ([number(cell) for cell in row] for row in rows))


def number(cell: Any) -> str:
    if isinstance(cell, list):
        return ", ".join(map(str, cell))
    return "" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell)


# -- all pages


PAGES: dict[str, Callable[[], str]] = {
    "datasets": datasets,
    "tables": tables,
    "rules": rules,
    "commands": commands,
    "exit-codes": exit_codes,
}


def pages(home: Path | None = None) -> dict[Path, str]:
    """What every generated page says, by path."""
    readme = ROOT / "README.md"
    made = {DOCS / "reference" / f"{name}.md": make() for name, make in PAGES.items()}
    made |= json_schema.files() | policy_json_schema.files()
    made |= {column_lineage.FILE: column_lineage.text()}
    return made | {readme: with_queries(readme.read_text(encoding="utf-8"), home)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page is stale")
    parser.add_argument("--home", type=Path, help="a HOME of `make run`: ask the README's queries")
    arguments = parser.parse_args()
    made = pages(arguments.home)
    stale = [
        path
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        shown_path = path.relative_to(ROOT).as_posix()
        if arguments.check:
            stderr.print(f"{shown_path} is stale: run `make generated`", markup=False)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
            stdout.print(f"written: {shown_path}")
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
