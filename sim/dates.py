"""Dates: as people write them, as decimal years, and as months since a day."""

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sim.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

MONTH = 365.25 / 12
"""Days in a month, where months are counted."""

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)
_PART = re.compile(r"(\d{4})-?([HQ])([1-4])", re.ASCII)
_FORMS = "write 2007, 2007-11 or 2007-11-30"
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip
_NAMED = re.compile(
    rf"(?:(\d{{1,2}})\s+)?({'|'.join(f'{name}|{name[:3]}' for name in _MONTHS)})\s+(\d{{4}})", re.ASCII | re.IGNORECASE
)


def last_day(key: str, text: str | int | date) -> date:
    """The last day of a year (2007), a month (2007-11) or a day (2007-11-30).

    Parameters
    ----------
    key : where it stands, for the message.
    text : the date as written.

    Raises
    ------
    InputError : for anything else, naming the key.
    """
    return _days(key, text)[1]


def exact_day(key: str, text: str | int | date) -> date:
    """A day, written 2007-11-30.

    Raises
    ------
    InputError : for anything else, a month too, naming the key.
    """
    first, last = _days(key, text, "write the day, such as 2007-11-30")
    if first != last:
        raise InputError(f"{_at(key)}'{text}' names no day; write one, such as {first}")
    return first


def window(key: str, text: str) -> tuple[date, date]:
    """The first and the last day of a window: `2008-01-01 to 2008-06-30`, `2008-H1`, `2008-Q2`, `2008-06`, `2008`.

    Raises
    ------
    InputError : for anything else, and where it ends before it begins, naming the key.
    """
    words = [word.strip() for word in str(text).split(" to ")]
    if len(words) > 2:
        raise InputError(f"{_at(key)}'{text}' is no window of time; write 2008-01-01 to 2008-06-30, or 2008-H1")
    (first, _), (_, last) = (_part(key, word) for word in (words[0], words[-1]))
    if last < first:
        raise InputError(f"{_at(key)}ends on {last}, before it begins on {first}")
    return first, last


def in_numbers(text: str) -> str:
    """A text whose dates have their months as numbers: `2 June 2008` → `2008-06-02`, `June 2008` → `2008-06`."""
    numbers = {name[:3].lower(): number for number, name in enumerate(_MONTHS, start=1)}

    def date_of(found: re.Match[str]) -> str:
        month = f"{found[3]}-{numbers[found[2][:3].lower()]:02}"
        return month if found[1] is None else f"{month}-{int(found[1]):02}"

    return _NAMED.sub(date_of, text)


def _part(key: str, text: str) -> tuple[date, date]:
    """The first and the last day of a half-year, a quarter, or whatever else `_days` reads."""
    read = _PART.fullmatch(text)
    if not read:
        return _days(key, text, f"{_FORMS}, 2007-H1 or 2007-Q2")
    year, number, months = int(read[1]), int(read[3]), 6 if read[2] == "H" else 3
    if number * months > 12:
        raise InputError(f"{_at(key)}'{text}': a year has two halves")
    last = number * months
    return date(year, last - months + 1, 1), date(year, last, calendar.monthrange(year, last)[1])


def _days(key: str, text: str | int | date, forms: str = _FORMS) -> tuple[date, date]:
    """The first and the last day of a year, a month or a day."""
    if read := _DATE.fullmatch(str(text)):
        year, month, day = int(read[1]), read[2], read[3]
        try:
            last = int(month or 12)
            ends = date(year, int(month or 1), int(day or 1)), date(year, last, calendar.monthrange(year, last)[1])
            return (ends[0], ends[0]) if day else ends
        except ValueError:  # a thirteenth month, a 31st of November, the year 0
            pass
    raise InputError(f"{_at(key)}'{text}' is no date; {forms}")


def _at(key: str) -> str:
    """How a message begins; with nothing where whoever calls knows the key."""
    return f"{key}: " if key else ""


def decimal_year(day: date) -> float:
    """A day's beginning as a decimal year: 1 July 2007 is 2007.4959."""
    return day.year + (day.timetuple().tm_yday - 1) / _length(day.year)


def to_ordinal(years: "FloatArray") -> "FloatArray":
    """Decimal years as days since the year 1, as `date.toordinal` counts, with fractions; infinity stays."""
    import numpy as np  # heavy, and not needed where dates are only read

    years = np.asarray(years, dtype=np.float64)
    whole = np.floor(np.where(np.isfinite(years), years, 1))
    first = _first_ordinal(whole)
    days = first + (years - whole) * (_first_ordinal(whole + 1) - first)
    return np.where(np.isfinite(years), days, years)


def to_decimal_year(ordinals: "FloatArray") -> "FloatArray":
    """Days since the year 1, with fractions, as decimal years; infinity stays."""
    import numpy as np  # heavy, and not needed where dates are only read

    ordinals = np.asarray(ordinals, dtype=np.float64)
    days = np.where(np.isfinite(ordinals), ordinals, 1)
    year = np.floor((days - 1) / 365.2425) + 1
    year += days >= _first_ordinal(year + 1)
    year -= days < _first_ordinal(year)
    first = _first_ordinal(year)
    return np.where(np.isfinite(ordinals), year + (days - first) / (_first_ordinal(year + 1) - first), ordinals)


def day_of(years: float) -> date:
    """The day a decimal year falls on, to the nearest beginning of a day."""
    import numpy as np

    return date.fromordinal(round(float(to_ordinal(np.array(years)))))


def month_name(years: float) -> str:
    """The month a decimal year falls in: `March 2008`."""
    day = day_of(years)
    return f"{calendar.month_name[day.month]} {day.year}"


def day_name(day: date) -> str:
    """A day as people write it: `30 June 2008`."""
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def quarter_name(quarter: int) -> str:
    """A quarter counted since the year 0, as people write it: `2008 Q3`."""
    return f"{quarter // 4} Q{quarter % 4 + 1}"


def months_after(start: date, months: float) -> date:
    """The day so many months of 365.25 / 12 days after another."""
    return start + timedelta(days=round(months * MONTH))


def _first_ordinal(year: "FloatArray") -> "FloatArray":
    """The ordinal of 1 January (Gregorian calendar)."""
    import numpy as np

    past = year - 1
    days: FloatArray = past * 365 + np.floor(past / 4) - np.floor(past / 100) + np.floor(past / 400) + 1
    return days


def _length(year: int) -> int:
    return 366 if calendar.isleap(year) else 365
