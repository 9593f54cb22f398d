"""Kinds of households and the people they consist of, as a table of slots.

Who stands where and at what distance of age; names, numbers and incomes come later.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.places import Places
from pipelines.synthetic.randomness import Array, between, pick, stream

SIZE_SHARES = {1: 25, 2: 30, 3: 21, 4: 13, 5: 6, 6: 3, 7: 2}
# roles of a slot
HEAD, SPOUSE, CHILD, PARENT, GRANDCHILD, AWAY_FATHER, AWAY_MOTHER = range(7)
AWAY = (AWAY_FATHER, AWAY_MOTHER)


@dataclass(frozen=True)
class Slot:
    """role, sex (0 either), rule of age, and the positions of father and mother (-1 unknown)."""

    role: int
    sex: int
    age: str
    father: int = -1
    mother: int = -1


@dataclass(frozen=True)
class Template:
    """A kind of household: size counts those at home, weight is its share among its size."""

    name: str
    size: int
    weight: float
    ages: tuple[float, float]
    slots: tuple[Slot, ...]


def _couple(child_ages: tuple[str, ...], elders: str = "") -> tuple[Slot, ...]:
    slots = [Slot(HEAD, 1, "anchor"), Slot(SPOUSE, 2, "wife")]
    slots += [Slot(CHILD, 0, rule, 0, 1) for rule in child_ages]
    for letter in elders:
        slots.append(Slot(PARENT, 1 if letter == "m" else 2, "elder"))
    men = [i for i, s in enumerate(slots) if s.role == PARENT and s.sex == 1]
    women = [i for i, s in enumerate(slots) if s.role == PARENT and s.sex == 2]
    slots[0] = Slot(HEAD, 1, "anchor", men[0] if men else -1, women[0] if women else -1)
    return tuple(slots)


def _grandparents(heads: int, children: tuple[str, ...]) -> tuple[Slot, ...]:
    slots = [Slot(HEAD, 1 if heads == 2 else 2, "anchor")]
    if heads == 2:
        slots.append(Slot(SPOUSE, 2, "wife"))
    away = len(slots) + len(children)
    slots += [Slot(GRANDCHILD, 0, rule, away, away + 1) for rule in children]
    head_father = 0 if heads == 2 else -1
    slots.append(Slot(AWAY_FATHER, 1, "away", head_father, heads - 1))
    slots.append(Slot(AWAY_MOTHER, 2, "away"))
    return tuple(slots)


def _single_parent(children: tuple[str, ...], elders: str = "") -> tuple[Slot, ...]:
    slots = [Slot(HEAD, 2, "anchor")]
    away = 1 + len(children) + len(elders)
    slots += [Slot(CHILD, 0, rule, away, 0) for rule in children]
    slots += [Slot(PARENT, 2, "elder") for _ in elders]
    slots[0] = Slot(HEAD, 2, "anchor", -1, 1 + len(children) if elders else -1)
    slots.append(Slot(AWAY_FATHER, 1, "away_spouse"))
    return tuple(slots)


TEMPLATES = (
    Template("elder alone", 1, 0.48, (60, 91), (Slot(HEAD, 0, "anchor"),)),
    Template("adult alone", 1, 0.52, (22, 60), (Slot(HEAD, 0, "anchor"),)),
    Template("old couple", 2, 0.42, (58, 86), _couple(())),
    Template("couple", 2, 0.30, (24, 58), _couple(())),
    Template("parent and child", 2, 0.10, (28, 48), _single_parent(("child",))),
    Template("adult and parent", 2, 0.15, (35, 60),
             (Slot(HEAD, 1, "anchor", -1, 1), Slot(PARENT, 2, "elder"))),
    Template("grandmother and child", 2, 0.03, (56, 78), _grandparents(1, ("grandchild",))),
    Template("couple and child", 3, 0.55, (25, 46), _couple(("child",))),
    Template("couple and grown child", 3, 0.24, (46, 62), _couple(("grown",))),
    Template("couple and parent", 3, 0.08, (38, 60), _couple((), "w")),
    Template("grandparents and child", 3, 0.07, (52, 76), _grandparents(2, ("grandchild",))),
    Template("parent and two", 3, 0.06, (30, 48), _single_parent(("child", "younger"))),
    Template("couple and two", 4, 0.56, (28, 48), _couple(("child", "younger"))),
    Template("couple, child, parent", 4, 0.22, (30, 50), _couple(("child",), "w")),
    Template("couple and parents", 4, 0.09, (35, 58), _couple((), "mw")),
    Template("parent, two, grandmother", 4, 0.05, (32, 48),
             _single_parent(("child", "younger"), "w")),
    Template("grandparents and two", 4, 0.08, (54, 76),
             _grandparents(2, ("grandchild", "younger"))),
    Template("couple, child, parents", 5, 0.45, (30, 50), _couple(("child",), "mw")),
    Template("couple, two, parent", 5, 0.35, (30, 50), _couple(("child", "younger"), "w")),
    Template("couple and three", 5, 0.17, (31, 48), _couple(("child", "younger", "youngest"))),
    Template("grandmother and four", 5, 0.03, (60, 79),
             _grandparents(1, ("grandchild", "younger", "youngest", "youngest"))),
    Template("couple, two, parents", 6, 1.0, (31, 50), _couple(("child", "younger"), "mw")),
    Template("couple, three, parents", 7, 1.0, (32, 49),
             _couple(("child", "younger", "youngest"), "mw")),
)  # fmt: skip


def build_households(seed: int, people: int, places: Places) -> pl.DataFrame:
    """hh, template, size, anchor age and village; sizes add up to the people exactly."""
    rng = stream(seed, "households")
    shares = np.array(list(SIZE_SHARES.values()), dtype=float)
    mean = float((shares * list(SIZE_SHARES)).sum() / shares.sum())
    weight = np.array([SIZE_SHARES[t.size] * t.weight for t in TEMPLATES])
    template = pick(rng, weight, int(people / mean * 1.1) + 50)
    sizes = np.array([t.size for t in TEMPLATES])
    keep = int(np.searchsorted(np.cumsum(sizes[template]), people, side="right"))
    template = template[:keep]
    rest = people - int(sizes[template].sum())
    template = np.concatenate([template, np.ones(rest, dtype=template.dtype)])
    count = len(template)
    low = np.array([t.ages[0] for t in TEMPLATES])[template]
    high = np.array([t.ages[1] for t in TEMPLATES])[template]
    old = np.array([t.name in ("elder alone", "old couple") for t in TEMPLATES])[template]
    # old households thin out with age
    anchor = np.where(old, low + (high - low) * rng.beta(1.1, 2.0, count),
                      between(rng, low, high, count))  # fmt: skip
    village = pick(rng, places.villages["weight"].to_numpy(), count)
    urban = places.villages["urban"].to_numpy()[village]
    return pl.DataFrame(
        {
            "hh": np.arange(count),
            "template": template,
            "size": sizes[template],
            "anchor": anchor,
            "village_index": village,
            "urban": urban,
        }
    )


def slot_table() -> pl.DataFrame:
    """Every slot of every template, in order."""
    return pl.DataFrame(
        [
            {
                "template": index,
                "slot": position,
                "role": slot.role,
                "sex": slot.sex,
                "age_rule": slot.age,
                "father_slot": slot.father,
                "mother_slot": slot.mother,
            }
            for index, template in enumerate(TEMPLATES)
            for position, slot in enumerate(template.slots)
        ]
    )


def ages(
    rng: np.random.Generator,
    rule: Array,
    anchor: Array,
    position: Array,
    bounds: np.random.Generator,
) -> Array:
    """Age in years (with fraction) of each slot from the age of its household's head; ``bounds``
    draws the ages of those who would be too young or too old for their place in it.
    """
    size = len(rule)
    gap = between(rng, 22.0, 33.0, size)
    far = between(rng, 45.0, 58.0, size)
    lag = 2.0 + 2.5 * position * rng.random(size)
    age = np.select(
        [
            rule == "anchor",
            rule == "wife",
            rule == "elder",
            rule == "child",
            rule == "grown",
            rule == "grandchild",
            rule == "away",
            rule == "away_spouse",
        ],
        [
            anchor,
            anchor + rng.normal(-1.4, 2.4, size),
            anchor + between(rng, 21.0, 31.0, size),
            anchor - gap,
            _within(bounds, anchor - gap, 18.0, 34.0),
            anchor - far,
            anchor - between(rng, 21.0, 27.0, size),
            anchor + rng.normal(1.5, 2.5, size),
        ],
        default=0.0,
    )
    minor = np.isin(rule, ["child", "grandchild"])
    age = np.where(minor, _within(bounds, age, 0.05, 22.9), age)
    # younger siblings follow the first child, which stands in the slots before them
    age = np.where(np.isin(rule, ["younger", "youngest"]), -lag, age)
    found: Array = np.clip(age, -20.0, 101.0)
    return found


def _within(rng: np.random.Generator, age: Array, low: float, high: float) -> Array:
    """Ages between two bounds: those beyond one are drawn anew near it, for if all were put on it
    one of a hundred people would be born on the same day."""
    near = 4.0 * rng.random(len(age))
    found: Array = np.where(age < low, low + near, np.where(age > high, high - near, age))
    return found
