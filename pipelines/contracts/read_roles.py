"""The `roles` of a contract: from YAML to the dataclasses of `roles`, driven by their field types.

Unknown columns and words are told here; what roles ask of each other, in `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pipelines.contracts import roles
from pipelines.contracts.odcs import Faults, Place
from pipelines.contracts.roles import ROLES, WORDS, ColumnName, Role, Value, Word


@cache
def _hints(made: type) -> dict[str, Any]:
    return get_type_hints(made, vars(roles))


@cache
def _fields(made: type) -> tuple[Field[Any], ...]:
    return fields(made)


class RoleReader:
    """Reads the roles of one dataset, whose columns it knows."""

    def __init__(self, columns: Iterable[str], faults: Faults) -> None:
        self.columns = frozenset(columns)
        self.faults = faults

    def read(self, given: Any, place: Place) -> tuple[Role, ...]:
        """The roles that can be read; the others are noted as faults."""
        if not isinstance(given, list) or not given:
            self.faults.add(place, "roles must be a list: what do the rows of this dataset tell?")
            return ()
        made = (self._role(item, (*place, index)) for index, item in enumerate(given))
        return tuple(role for role in made if role is not None)

    def _role(self, item: Any, place: Place) -> Role | None:
        known = ", ".join(ROLES)
        if not isinstance(item, dict) or not isinstance(item.get("role"), str):
            self.faults.add(place, f"a role needs `role: <word>`; known: {known}")
            return None
        if item["role"] not in ROLES:
            self.faults.add(place, f"unknown role `{item['role']}`; known: {known}")
            return None
        rest = {key: value for key, value in item.items() if key != "role"}
        role: Role | None = self._record(ROLES[item["role"]], rest, place, f"role {item['role']}")
        if role is not None:
            self.faults.remember(role, place)
        return role

    def _record(self, made: type, item: Any, place: Place, called: str) -> Any:
        """An instance of a dataclass from a mapping, or None if something is wrong with it."""
        if not isinstance(item, dict):
            self.faults.add(place, f"{called} must be a mapping")
            return None
        by_key = {field.name.rstrip("_"): field for field in _fields(made)}
        sound = True
        for key in sorted(map(str, set(item) - set(by_key))):
            self.faults.add(place, f"{called}: unknown key `{key}`; known: {', '.join(by_key)}")
            sound = False
        values: dict[str, Any] = {}
        for key, field in by_key.items():
            at = (*place, key)
            if key in item:
                value = self._value(_hints(made)[field.name], item[key], at, made, field.name)
                sound = sound and value is not None
                values[field.name] = value
            elif field.default is MISSING and field.default_factory is MISSING:
                self.faults.add(place, f"{called} needs `{key}`; add it")
                sound = False
        return made(**values) if sound else None

    def _value(self, hint: Any, given: Any, place: Place, made: type, name: str) -> Any:
        """A value of the type that the dataclass asks for; None if it cannot be read."""
        wanted = _without_none(hint)
        if wanted is ColumnName:
            return self._column(given, place)
        if wanted is Word:
            return self._word(given, place, f"{made.__name__}.{name}", name)
        if wanted is Value:
            return self._choice(given, place)
        if get_origin(wanted) is dict:
            return self._condition(given, place)
        if get_origin(wanted) is tuple:
            return self._several(get_args(wanted)[0], given, place, made, name)
        if wanted in (str, int, bool):
            return self._plain(wanted, given, place, name)
        return self._record(wanted, given, place, name)

    def _plain(self, wanted: type, given: Any, place: Place, name: str) -> Any:
        if type(given) is not wanted:
            self.faults.add(place, f"`{name}` must be {wanted.__name__}")
            return None
        special = given == roles.EXTRACT_FIRST_SEEN
        if name == "date" and not special and self._column(given, place) is None:
            return None
        return given

    def _several(self, hint: Any, given: Any, place: Place, made: type, name: str) -> Any:
        if not isinstance(given, list) or not given:
            self.faults.add(place, f"`{name}` must be a list")
            return None
        read = [
            self._value(hint, item, (*place, index), made, name) for index, item in enumerate(given)
        ]
        return None if None in read else tuple(read)

    def _column(self, given: Any, place: Place) -> str | None:
        if not isinstance(given, str) or given not in self.columns:
            shown = given if isinstance(given, str) else type(given).__name__
            what = f"names the column `{shown}`, which the dataset does not have; mend the name"
            self.faults.add(place, f"`{place[-1]}` {what}")
            return None
        return given

    def _word(self, given: Any, place: Place, full_name: str, name: str) -> str | None:
        words = WORDS.get(full_name) or WORDS[name]
        if not isinstance(given, str) or given not in words:
            self.faults.add(place, f"`{name}` must be one of: {', '.join(sorted(words))}")
            return None
        return given

    def _choice(self, given: Any, place: Place) -> Value | None:
        if isinstance(given, str):
            column = self._column(given, place)
            return None if column is None else Value(column=column)
        if not isinstance(given, dict) or set(given) - {"value", "when"} or "value" not in given:
            self.faults.add(place, "write a column's name, or {value: ..., when: {column: [...]}}")
            return None
        if not isinstance(given["value"], str):
            self.faults.add(place, "`value` must be text; put it in quotes")
            return None
        if "when" not in given:
            return Value(literal=given["value"])
        when = self._condition(given["when"], (*place, "when"))
        return None if when is None else Value(literal=given["value"], when=when)

    def _condition(self, given: Any, place: Place) -> dict[str, tuple[str, ...]] | None:
        if not isinstance(given, Mapping) or not given:
            self.faults.add(place, "`when` must be {column: [values]}")
            return None
        found: dict[str, tuple[str, ...]] = {}
        for name, values in given.items():
            column = self._column(name, (*place, name))
            texts = isinstance(values, list) and values and all(type(v) is str for v in values)
            if not texts:
                self.faults.add((*place, name), "values of `when` must be a list of quoted texts")
            if column is not None and texts:
                found[column] = tuple(values)
        return found if len(found) == len(given) else None


def _without_none(hint: Any) -> Any:
    """`X` of `X | None`."""
    options = [option for option in get_args(hint) if option is not type(None)]
    is_optional = type(None) in get_args(hint)
    return options[0] if is_optional else hint
