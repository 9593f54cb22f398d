"""The days of the city: history months, nights and the periods that medical files cover.

Dates only; which dataset arrives when belongs to the schedules of the datasets.
"""

import calendar as _calendar
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Period:
    """Days that one delivery covers, both ends included."""

    start: date
    end: date
    extract_date: date
    arrives_on: date


@dataclass(frozen=True)
class Calendar:
    """Nights (as-of dates) and the history before them."""

    nights: tuple[date, ...]
    months: int

    @staticmethod
    def of(last_night: date, nights: int, months: int) -> "Calendar":
        """Consecutive nights that end with the last one."""
        days = [last_night - timedelta(days=k) for k in range(nights - 1, -1, -1)]
        return Calendar(tuple(days), months)

    @property
    def first_night(self) -> date:
        return self.nights[0]

    @property
    def last_night(self) -> date:
        return self.nights[-1]

    def night(self, index: int) -> date:
        """The night of that index, or the last one."""
        return self.nights[min(index, len(self.nights) - 1)]

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return shift(self.last_night.replace(day=1), -(self.months - 1))

    def day(self, months_back: int, day: int) -> date:
        """A day of a month counted back from the month of the last night."""
        month = shift(self.last_night.replace(day=1), -months_back)
        return month.replace(day=min(day, month_end(month).day))

    def arrival(self, extract_date: date) -> date:
        """The first night that finds a file of this extract date in time."""
        return next((night for night in self.nights if extract_date <= night), self.last_night)

    def periods(self) -> list[Period]:
        """Monthly periods up to two days before the first night, then a day per night."""
        cut = self.first_night - timedelta(days=2)
        before = self.first_night - timedelta(days=1)
        found = []
        start = self.first_day
        while start <= cut:
            end = min(month_end(start), cut)
            extract = min(shift(start, 1).replace(day=5), before)
            found.append(Period(start, end, extract, self.first_night))
            start = shift(start, 1)
        begin = before
        for night in self.nights:
            found.append(Period(begin, night - timedelta(days=1), night, night))
            begin = night
        return found


def shift(first: date, months: int) -> date:
    """The first of a month, some months on."""
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_end(day: date) -> date:
    return day.replace(day=_calendar.monthrange(day.year, day.month)[1])
