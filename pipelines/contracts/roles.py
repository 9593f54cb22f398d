"""The roles that the rows of a dataset can play: what rooms read instead of department names.

One frozen dataclass per role. The type of a field says how the contract's YAML is read:

- `ColumnName`: the name of one of the dataset's columns;  `ColumnNames`: several
- `Value`: a column, or `{value: ...}` with an optional `when: {column: [values]}`
- `Condition`: `{column: [values]}`, true where every column holds one of its values
- `Word`: a word of a closed list (see `WORDS`);  `str`, `int`, `bool`: taken as they stand

How roles are parsed and checked stands in `check`; what becomes of them, in the rooms.
A YAML key that is a Python keyword gets an underscore (`from` is `from_`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

ColumnName = NewType("ColumnName", str)
ColumnNames = tuple[ColumnName, ...]
Word = NewType("Word", str)
Condition = dict[str, tuple[str, ...]]

EXTRACT_FIRST_SEEN = "extract_first_seen"
"""Stands where a date column would: the first accepted extract that says so gives the day."""


@dataclass(frozen=True)
class Value:
    """A value that a role takes from a column (`column`) or that is always the same (`literal`)."""

    column: str | None = None
    literal: str | None = None
    when: Condition = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Role:
    """What all roles share: the word by which the contract names it."""

    @property
    def role(self) -> str:
        """The word of the contract, a key of ROLES."""
        return ROLE_NAMES[type(self)]


@dataclass(frozen=True)
class RegionOf:
    """Where a mentioned person lives; `rank` orders the sources (1 counts first, None never)."""

    code: ColumnName | None = None
    township: ColumnName | None = None
    village: ColumnName | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Group:
    """A group of people that a mention belongs to: its kind, and the column that names it."""

    kind: Word
    key: ColumnName


@dataclass(frozen=True)
class Person(Role):
    """A row names a person. `suffix` tells several people of one row apart.

    `holds`: the register domain whose people this dataset lists (`key` is the register's key).
    `refers`: the register domain whose key (`key`) the row merely carries.
    `mention_always`: a mention even where name and number are both missing.
    """

    suffix: str = ""
    name: ColumnName | None = None
    id_number: ColumnName | None = None
    id_type: ColumnName | None = None
    birth_date: ColumnName | None = None
    sex: ColumnName | None = None
    ethnicity: ColumnName | None = None
    phone: ColumnName | None = None
    address: ColumnName | None = None
    organisation: ColumnName | None = None
    region: RegionOf | None = None
    holds: str | None = None
    refers: str | None = None
    key: ColumnName | None = None
    roll_number: ColumnName | None = None
    relation: ColumnName | None = None
    groups: tuple[Group, ...] = ()
    mention_always: bool = False


@dataclass(frozen=True)
class Household(Role):
    """A row puts the person (`person`: the suffix) into the household that `group` names.

    `in_force_by: grant` means that it holds only while the certificate of that number does.
    """

    evidence: Word
    group: ColumnName
    relation: ColumnName | None = None
    address: ColumnName | None = None
    since: ColumnName | None = None
    person: str = ""
    in_force_by: Word | None = None


@dataclass(frozen=True)
class Guardian:
    """A guardian named in a pupil's row, by the suffix of the person role that names them."""

    suffix: str
    relation: ColumnName | None = None


@dataclass(frozen=True)
class Guardianship(Role):
    """A row names a pupil's guardians, in their order."""

    guardians: tuple[Guardian, ...]


@dataclass(frozen=True)
class Death(Role):
    """A row says that its person died, on `date` or (EXTRACT_FIRST_SEEN) when `when` came true."""

    date: str
    when: Condition = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class TierGrant(Role):
    """A certificate: a tier for the people under `group`, from a month through a month."""

    group: ColumnName
    tier: ColumnName
    from_: ColumnName
    through: ColumnName | None = None
    income: ColumnName | None = None
    size: ColumnName | None = None
    benefit: ColumnName | None = None
    region: ColumnName | None = None
    address: ColumnName | None = None
    head: str | None = None


@dataclass(frozen=True)
class TierMember(Role):
    """A person under a certificate; `covered` (missing: yes) says whether it covers them."""

    group: ColumnName
    covered: ColumnName | None = None


@dataclass(frozen=True)
class Tier(Role):
    """A tier given to the person by name: from a day until (exclusive) a day."""

    tier: Value
    from_: ColumnName | None = None
    until: ColumnName | None = None


@dataclass(frozen=True)
class Income(Role):
    """One kind of income of a person, found by an economic check."""

    check: ColumnName
    on: ColumnName
    type: ColumnName
    amount: ColumnName
    provider: ColumnName | None = None


@dataclass(frozen=True)
class Help(Role):
    """A piece of help given to the person (or, through `group`, to a certificate)."""

    kind: Word
    aid_type: Value
    on: ColumnName
    subtype: ColumnName | None = None
    amount: ColumnName | None = None
    hours: ColumnName | None = None
    month: ColumnName | None = None
    department: Value | None = None
    group: ColumnName | None = None
    region: ColumnName | None = None


@dataclass(frozen=True)
class SpendingMedical(Role):
    """A medical settlement. Columns of the view standard.medical_spending, by the same names."""

    register_key: ColumnName
    settled_on: ColumnName
    total_cost: ColumnName
    personal_burden: ColumnName
    settlement_id: ColumnName
    id_number: ColumnName | None = None
    name: ColumnName | None = None
    visit_id: ColumnName | None = None
    begin_on: ColumnName | None = None
    end_on: ColumnName | None = None
    refunded: ColumnName | None = None
    original_settlement_id: ColumnName | None = None
    care_type: ColumnName | None = None
    in_scope_cost: ColumnName | None = None
    fund_total: ColumnName | None = None
    fund_parts: ColumnNames = ()
    medical_aid: ColumnName | None = None


@dataclass(frozen=True)
class SpendingEducation(Role):
    """A school charge that was paid."""

    on: ColumnName
    amount: ColumnName
    item: ColumnName | None = None


@dataclass(frozen=True)
class Attribute(Role):
    """Something known of the person: from a day until a day, or while the row stands.

    `until` is the first day on which it no longer holds, `through` the last on which it does.
    """

    attribute: Word
    value: Value
    from_: ColumnName | None = None
    until: ColumnName | None = None
    through: ColumnName | None = None
    person: str = ""


@dataclass(frozen=True)
class FieldReport(Role):
    """A clue from the field that someone is in difficulty."""

    report: ColumnName
    on: ColumnName
    region: ColumnName
    difficulty: ColumnName | None = None
    reporter_role: ColumnName | None = None


@dataclass(frozen=True)
class Disposition(Role):
    """What a visit found out about one of our cases."""

    case: ColumnName
    on: ColumnName
    result: ColumnName
    reason: ColumnName | None = None
    aid_types: ColumnName | None = None
    checker_role: ColumnName | None = None


@dataclass(frozen=True)
class Region(Role):
    """A region of the reference list."""

    code: ColumnName
    name: ColumnName
    parent: ColumnName | None = None
    urban_rural: ColumnName | None = None


ROLES: dict[str, type[Role]] = {
    "person": Person,
    "household": Household,
    "guardianship": Guardianship,
    "death": Death,
    "tier_grant": TierGrant,
    "tier_member": TierMember,
    "tier": Tier,
    "income": Income,
    "help": Help,
    "spending_medical": SpendingMedical,
    "spending_education": SpendingEducation,
    "attribute": Attribute,
    "field_report": FieldReport,
    "disposition": Disposition,
    "region": Region,
}
ROLE_NAMES: dict[type[Role], str] = {made: name for name, made in ROLES.items()}

WORDS: dict[str, frozenset[str]] = {
    "evidence": frozenset({"register", "roster", "certificate", "family"}),
    "in_force_by": frozenset({"grant"}),
    "Group.kind": frozenset({"family", "certificate", "roster", "register", "student", "check"}),
    "Help.kind": frozenset({"payment", "student_aid", "service"}),
    "attribute": frozenset(
        {
            "chronic_code",
            "disability_level",
            "disability_type",
            "disease",
            "employee_insured",
            "former_poor",
            "health",
            "is_orphan",
            "labour_ability",
            "left_behind",
            "school_code",
            "student_stage",
            "survival_status",
        }
    ),
}
"""The closed lists of words, by field name (`Class.field` where the same name means two things)."""
