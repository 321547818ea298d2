"""What a question was about, and how its numbers are written: money in millions, dates by month, shares in per cent."""

import math
import re
from dataclasses import dataclass

import pandas as pd

from sim.variables import TOTAL, VARIABLES
from sim.views.estimates import Estimate
from sim.views.market_facts import MILLION, money_error, money_text, month_of
from sim.views.numbers import ABSENT, NO_BREAK, UNKNOWN, about, error_text, rounded

_MONEY = re.compile(r"[A-Z]{3} (of \d|\()")  # `USD of 2008 per year`, `USD (nominal, stated for 2008)`
_PROBABILITY, _DATE, _YEAR = "probability", "decimal year", "calendar year"


@dataclass(frozen=True)
class Subject:
    """A variable in a year, and its unit.

    Attributes
    ----------
    variable : its name.
    year : `all` where it has none.
    unit : with the currency.
    """

    variable: str
    year: str
    unit: str

    @classmethod
    def of(cls, table: pd.DataFrame) -> "Subject":
        """That of a table, from the columns target, year and unit of its first row."""
        first = table.iloc[0]
        return cls(str(first["target"]), str(first["year"]), str(first["unit"]))

    @property
    def words(self) -> str:
        """As people read it inside a sentence: `severe VOD in 2008`."""
        name = VARIABLES[self.variable].long_name if self.variable in VARIABLES else self.variable
        name = name if name[:2].isupper() else name[:1].lower() + name[1:]
        year = self.year.partition(".")[0]  # a column of a file may have turned it into a number
        return name if year in (TOTAL, "nan") else f"{name} in {year}"

    @property
    def is_money(self) -> bool:
        """Whether it is counted in a currency."""
        return _MONEY.match(self.unit) is not None

    @property
    def is_chance(self) -> bool:
        """Whether it is a probability."""
        return self.unit == _PROBABILITY

    @property
    def is_date(self) -> bool:
        """Whether it is a date or a year."""
        return self.unit in (_DATE, _YEAR)

    @property
    def scale(self) -> float:
        """What a value is divided by on an axis."""
        return MILLION if self.is_money else 0.01 if self.is_chance else 1.0

    @property
    def axis(self) -> str:
        """The label of an axis that shows it."""
        if self.unit == _DATE:
            return self.words
        unit = f"million {self.unit}" if self.is_money else "per cent" if self.is_chance else self.unit
        return f"{self.words}, {unit}"

    def number(self, value: float, error: float = UNKNOWN) -> str:
        """A value for people, with no more digits than its Monte Carlo error supports."""
        if math.isnan(value):
            return ABSENT
        if self.unit == _DATE:
            return month_of(value)
        if self.unit == _YEAR:
            return "never" if math.isinf(value) else f"{value:.0f}"
        if self.is_money:
            return money_text(Estimate(value, error), coarse=math.isnan(error))
        if self.is_chance:
            return f"{rounded(100 * value, 100 * error)}{NO_BREAK}%"
        return about(value) if math.isnan(error) else rounded(value, error)

    def error(self, value: float, error: float) -> str:
        """The Monte Carlo error of a value, in the unit in which the value is written."""
        if self.is_money:
            return money_error(Estimate(value, error))
        if self.is_chance:
            return error_text(100 * error)
        return error_text(error)
