"""Dates as people write them: a year, a month or a day, each counted as its last day."""

import calendar
import re
from collections.abc import Mapping
from datetime import date

from sim.errors import InputError

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", re.ASCII)


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
    if read := _DATE.fullmatch(str(text)):
        year, month, day = int(read[1]), int(read[2] or 12), read[3]
        try:
            return date(year, month, int(day) if day else calendar.monthrange(year, month)[1])
        except ValueError:  # a thirteenth month, a 31st of November, the year 0
            pass
    raise InputError(f"{key}: '{text}' is no date; write 2007, 2007-11 or 2007-11-30")


def publication_date(row: Mapping[str, str]) -> date:
    """The day by which a row of the ledger was published: the last one its date leaves open.

    Raises
    ------
    InputError : for a text that is no date, naming the row.
    """
    return last_day(f"row '{row['id']}': published_on", row["published_on"] or row["published"])
