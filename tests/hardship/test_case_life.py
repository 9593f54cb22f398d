"""How cases live over several nights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from pipelines.hardship.case_life import Night, live_on
from pipelines.hardship.case_model import (
    Case,
    Disposition,
    Event,
    Hit,
    IdChange,
    Objection,
    case_id_of,
)

FIRST = date(2026, 3, 1)
LIST = "suspected_illness_poverty"


def hit(level: str = "yellow", household: str = "H1", list_: str = LIST, **more: Any) -> Hit:
    values: dict[str, Any] = {
        "household_id": household, "list": list_, "person_id": "P1", "level": level,
        "measure": 0.6, "rule_ids": ("a",), "suggest": ("医疗救助",), "reason_zh": "疑似",
        "reason_en": "Suspected",
    }  # fmt: skip
    return Hit(**{**values, **more})


@dataclass
class Story:
    """Nights one after the other."""

    cases: list[Case] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def night(self, day: int, *hits: Hit, **more: Any) -> list[Case]:
        applied = frozenset(
            (e.case_id, e.occurred_on, e.detail)
            for e in self.events
            if e.event in ("checked", "disputed")
        )
        night = Night(as_of=FIRST + timedelta(days=day), hits=hits, **more)
        self.cases, new = live_on(self.cases, applied, night)
        self.events += new
        return self.cases

    def visit(self, day: int, result: str, *hits: Hit, reason: str | None = None,
              case: int = 0) -> list[Case]:  # fmt: skip
        checked = Disposition(self.cases[case].case_id, FIRST + timedelta(days=day), result, reason)
        return self.night(day, *hits, dispositions=[checked])

    @property
    def steps(self) -> list[str]:
        return [event.event for event in self.events]


def test_opens_once_and_goes_on() -> None:
    story = Story()
    story.night(0, hit())
    (case,) = story.night(1, hit())
    assert case.case_id == case_id_of("H1", LIST, 1)
    assert (case.status, case.first_flagged_on) == ("open", FIRST)
    assert case.last_flagged_on == FIRST + timedelta(days=1)
    assert story.steps == ["opened"]


def test_one_case_per_household_and_list() -> None:
    story = Story()
    assert len(story.night(0, hit(), hit(household="H2"), hit(list_="child_protection"))) == 3


def test_cleared_after_thirty_quiet_days_and_a_later_hit_opens_the_next() -> None:
    story = Story()
    story.night(0, hit())
    assert story.night(29)[0].status == "open"
    assert story.night(30)[0].status == "cleared"
    both = story.night(31, hit())
    assert sorted((c.ordinal, c.status) for c in both) == [(1, "cleared"), (2, "open")]


def test_nothing_is_cleared_while_its_source_is_late() -> None:
    story = Story()
    story.night(0, hit(), hit(list_="child_protection"))
    cases = story.night(40, kept_open=frozenset({LIST}))
    assert {c.list: c.status for c in cases} == {LIST: "open", "child_protection": "cleared"}


def test_confirmed_is_not_cleared_and_ends_by_help() -> None:
    story = Story()
    story.night(0, hit())
    assert story.visit(5, "属实")[0].status == "confirmed"
    assert story.night(100)[0].status == "confirmed"
    (case,) = story.visit(120, "已纳入救助")
    assert (case.status, case.confirmed_on) == ("helped", FIRST + timedelta(days=5))
    assert case.closed_on == FIRST + timedelta(days=120)


def test_confirmed_is_rejected_only_for_a_stated_reason() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "属实")
    assert story.visit(2, "不属实")[0].status == "confirmed"
    assert story.visit(3, "不属实", reason="stated")[0].status == "rejected"


def test_rejected_is_silent_for_ninety_days() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "不属实", hit())
    assert len(story.night(91, hit())) == 1
    both = story.night(92, hit())
    assert sorted(c.status for c in both) == ["open", "rejected"]


def test_rejected_speaks_again_when_its_level_rises() -> None:
    story = Story()
    story.night(0, hit("orange"))
    story.visit(1, "不属实", hit("orange"))
    assert len(story.night(2, hit("yellow"))) == 1
    assert len(story.night(3, hit("red"))) == 2


def test_helped_is_not_pushed_again_while_the_same_rule_goes_on() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "已纳入救助", hit())
    for day in (2, 20, 45):
        assert len(story.night(day, hit())) == 1
    assert len(story.night(80, hit())) == 2  # after a break


def test_nobody_found_comes_back_with_an_identity_review() -> None:
    story = Story()
    story.night(0, hit())
    (case,) = story.visit(3, "查无此人", hit())
    assert (case.status, case.identity_review) == ("checking", True)
    assert "identity_review" in story.steps


def test_death_and_moving_away_clear() -> None:
    for result in ("死亡", "迁出"):
        story = Story()
        story.night(0, hit())
        (case,) = story.visit(1, result)
        assert (case.status, case.closed_by) == ("cleared", result)


def test_a_visit_is_taken_in_once_and_an_older_one_changes_nothing() -> None:
    story = Story()
    story.night(0, hit())
    found = Disposition(story.cases[0].case_id, FIRST + timedelta(days=5), "属实", None)
    older = Disposition(story.cases[0].case_id, FIRST + timedelta(days=4), "不属实", None)
    story.night(5, dispositions=[found])
    (case,) = story.night(6, dispositions=[found, older])
    assert case.status == "confirmed"
    assert story.steps.count("checked") == 2


def test_level_follows_and_is_noted() -> None:
    story = Story()
    story.night(0, hit("yellow"))
    (case,) = story.night(1, hit("red"))
    assert case.level == "red" and "level_raised" in story.steps


def test_merged_household_hands_its_case_to_the_survivor() -> None:
    story = Story()
    story.night(0, hit())
    story.night(1, hit(household="H2", person_id="P2"))
    changes = [IdChange("household", "H2", "H1")]
    cases = story.night(
        2, hit(), changes=changes, home={"P1": "H1", "P2": "H1"}
    )  # fmt: skip
    assert {c.household_id for c in cases} == {"H1"}
    assert sorted((c.status, c.closed_by) for c in cases) == [("cleared", "merged"), ("open", None)]


def test_split_household_leaves_its_case_with_its_person() -> None:
    story = Story()
    story.night(0, hit())
    changes = [IdChange("household", "H1", "H9", "split")]
    (case,) = story.night(1, changes=changes, home={"P1": "H9", "P2": "H1"})
    assert case.household_id == "H9"
    cases = story.night(2, hit(person_id="P2"), home={"P1": "H9", "P2": "H1"})
    assert len({c.case_id for c in cases}) == 2  # the id of the one that moved is not given again


def test_split_household_keeps_a_case_whose_person_stayed() -> None:
    story = Story()
    story.night(0, hit())
    changes = [IdChange("household", "H1", "H9", "split"), IdChange("person", "P1", "P9", "split")]
    (case,) = story.night(1, changes=changes, home={"P1": "H1", "P2": "H9"})
    assert (case.household_id, case.person_id) == ("H1", "P1")


def test_merged_person_is_renamed() -> None:
    story = Story()
    story.night(0, hit())
    (case,) = story.night(1, changes=[IdChange("person", "P1", "P0")], home={"P0": "H1"})
    assert case.person_id == "P0"


def test_the_same_night_again_gives_the_same() -> None:
    story = Story()
    story.night(0, hit())
    night = Night(as_of=FIRST + timedelta(days=1), hits=[hit("red")])
    assert live_on(story.cases, frozenset(), night) == live_on(story.cases, frozenset(), night)


def test_a_new_rule_joins_the_case_and_is_noted() -> None:
    story = Story()
    story.night(0, hit())
    (case,) = story.night(1, hit(rule_ids=("a", "b")))
    assert case.rule_ids == case.rule_ids_ever == ("a", "b")
    assert [(e.event, e.detail) for e in story.events][-1] == ("rule_joined", "b")
    (case,) = story.night(2, hit(rule_ids=("b",)))
    assert (case.rule_ids, case.rule_ids_ever) == (("b",), ("a", "b"))
    assert story.steps.count("rule_joined") == 1


def test_helped_speaks_again_when_another_rule_fires() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "已纳入救助", hit())
    assert len(story.night(2, hit())) == 1
    both = story.night(3, hit(rule_ids=("a", "b")))
    assert sorted(c.status for c in both) == ["helped", "open"]


def test_rejected_stays_silent_beside_an_older_case() -> None:
    """A household that took another in: the silent case is not the one flagged last."""
    story = Story()
    story.night(0, hit())
    story.visit(1, "不属实", hit())
    story.night(2, hit(), hit(household="H2", person_id="P2"))
    story.visit(3, "死亡", hit(), case=[c.household_id for c in story.cases].index("H2"))
    moved = [IdChange("household", "H2", "H1")]
    cases = story.night(40, hit(), changes=moved, home={"P1": "H1", "P2": "H1"})
    assert sorted(c.status for c in cases) == ["cleared", "rejected"]


def test_nobody_found_leaves_confirmed_as_it_is_but_asks_who_it_is() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "属实", hit())
    (case,) = story.visit(2, "查无此人", hit())
    assert (case.status, case.identity_review) == ("confirmed", True)


def test_a_visit_to_a_merged_case_answers_for_the_one_that_goes_on() -> None:
    story = Story()
    story.night(0, hit())
    story.night(1, hit(), hit(household="H2", person_id="P2"))
    merged = case_id_of("H2", LIST, 1)
    changes = [IdChange("household", "H2", "H1")]
    home = {"P1": "H1", "P2": "H1"}
    story.night(2, hit(), changes=changes, home=home)
    found = Disposition(merged, FIRST + timedelta(days=3), "不属实", None)
    cases = {c.case_id: c for c in story.night(3, hit(), dispositions=[found], home=home)}
    assert cases[merged].closed_by == "merged"
    assert cases[case_id_of("H1", LIST, 1)].status == "rejected"
    again = story.night(4, hit(), dispositions=[found], home=home)
    assert {c.status for c in again} == {"cleared", "rejected"}
    assert story.steps.count("checked") == 2  # once with each of the two ids


def test_a_reason_that_comes_later_ends_what_was_confirmed() -> None:
    story = Story()
    story.night(0, hit())
    story.visit(1, "属实", hit())
    assert story.visit(2, "不属实", hit())[0].status == "confirmed"
    assert story.visit(2, "不属实", hit())[0].status == "confirmed"
    assert story.steps.count("checked") == 2
    assert story.visit(2, "不属实", hit(), reason="stated")[0].status == "rejected"


def test_a_dispute_is_kept_whatever_becomes_of_the_case() -> None:
    story = Story()
    story.night(0, hit())
    said = Objection("D1", story.cases[0].case_id, FIRST + timedelta(days=1))
    (case,) = story.night(1, hit(), objections=[said])
    assert (case.status, case.disputed, case.disputed_on) == ("open", True, said.disputed_on)
    story.visit(2, "不属实", hit())
    (case,) = story.night(3, hit(), objections=[said])
    assert (case.status, case.disputed) == ("rejected", True)
    assert story.steps.count("disputed") == 1
    later = Objection("D2", case.case_id, FIRST + timedelta(days=5))
    (case,) = story.night(4, hit(), objections=[said, later])
    assert case.disputed_on == said.disputed_on, "a dispute of tomorrow is not known tonight"
    (case,) = story.night(5, hit(), objections=[said, later])
    assert case.disputed_on == later.disputed_on


def test_a_dispute_of_a_merged_case_shows_on_the_one_that_goes_on() -> None:
    story = Story()
    story.night(0, hit())
    story.night(1, hit(), hit(household="H2", person_id="P2"))
    said = [Objection("D1", case_id_of("H2", LIST, 1), FIRST)]
    changes = [IdChange("household", "H2", "H1")]
    cases = story.night(2, hit(), changes=changes, home={"P1": "H1", "P2": "H1"}, objections=said)
    assert [c.disputed for c in cases] == [True, True]


def test_levels_and_dates_of_an_opening_are_of_its_first_night() -> None:
    story = Story()
    story.night(0, hit("orange"))
    (case,) = story.night(10, hit("yellow"))
    assert (case.level, case.first_flagged_on) == ("yellow", FIRST)
    assert "level_lowered" in story.steps
