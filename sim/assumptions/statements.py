"""What is said of a variable in one line: `readout_date <= 2008-06-30`, `top 10%`; read by closed parsers.

    statement = name ["[" label "]"] ["in" year] sign amount
    place     = ("top" | "bottom") share | sign amount | amount "to" amount | label
    sign      = "<" | "<=" | ">" | ">="
    amount    = number [("k" | "M" | "bn")] | date

Nothing is ever evaluated. A date stands for its end, as in a promise: `<= 2008-06`, or `<= June 2008`, is by the end of
June.
"""

import difflib
import re
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from sim.assumptions.distributions.numbers import NUMBER, refuse_comma, whole_number
from sim.dates import decimal_year, in_numbers, window
from sim.errors import InputError, nearest
from sim.variables import VARIABLES

_SCALES = {"k": 1e3, "thousand": 1e3, "M": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_SCALED = re.compile(rf"(.*?)\s*({'|'.join(_SCALES)})")
_SIGNS = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}
_SIGN = r"(?P<sign><=|>=|<|>|≤|≥)\s*(?P<amount>[^<>=≤≥]+)"
_STATEMENT = re.compile(
    r"(?P<name>[A-Za-z_][\w.]*)\s*(?:\[(?P<label>[^\[\]]*)\])?(?:\s+in\s+(?P<year>\d{4}))?\s*" + _SIGN, re.ASCII
)
_COMPARED = re.compile(_SIGN)
_PART = re.compile(r"(?P<end>top|bottom)\s+(?P<share>.+)")
_LABEL = re.compile(r"[A-Za-z]\w*")

_STATEMENTS = "write readout_date <= 2008-06-30, severe_vod in 2009 >= 3000, net_present_value > 100 M"
_PLACES = "write top 10%, bottom 20%, >= 0.2, <= 0.2, 0.15 to 0.2, or a label"
_NUMBERS = "write 82 M, 500 k, 1.2 bn, 80% or 36e6"
_AMOUNTS = "write 0.2, 20%, 500 k, 100 M, 1.2 bn, 2008-06-30 or 30 June 2008"
_LONGEST = 200  # characters of a statement
_MOST_NAMES = 10  # variables that a hint shows
_DATED = "decimal year"  # the unit of a variable that is a date

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Amount:
    """A number or a date; a year is both, until it is known of what it is said.

    Attributes
    ----------
    text : as written.
    number : None for what is a date only.
    days : the decimal years of the end of the day before it, and of its own end; None for what is no date.
    """

    text: str
    number: float | None
    days: tuple[float, float] | None


@dataclass(frozen=True)
class Comparison:
    """A sign and an amount.

    Attributes
    ----------
    sign : `<`, `<=`, `>` or `>=`.
    amount : on the right of it.
    """

    sign: str
    amount: Amount

    def holds(self, values: FloatArray, *, dated: bool) -> BoolArray:
        """Whether it is true of each value; of a missing one it is not.

        Parameters
        ----------
        values : [draw].
        dated : whether they are decimal years.

        Raises
        ------
        InputError : for a date where numbers are, and the other way round, without the key.
        """
        before, until = self.ends(dated=dated)
        if self.sign == "<=":
            return np.asarray(values <= until)
        if self.sign == ">":
            return np.asarray(values > until)
        if self.sign == "<":
            return np.asarray(values <= before if dated and before < until else values < before)
        return np.asarray(values > before if dated and before < until else values >= before)

    def ends(self, *, dated: bool) -> tuple[float, float]:
        """Where the amount begins and where it ends: the same for a number.

        Raises
        ------
        InputError : for a date where numbers are.
        """
        if dated and self.amount.days is not None:
            return self.amount.days
        if self.amount.number is None:
            raise InputError(f"'{self.amount.text}' is a date, where numbers are")
        return self.amount.number, self.amount.number


@dataclass(frozen=True)
class Statement:
    """What is said of a variable or an input.

    Attributes
    ----------
    text : as written.
    name, label, year : of what; an empty label and None where none are given.
    comparison : what is said.
    """

    text: str
    name: str
    label: str
    year: int | None
    comparison: Comparison


@dataclass(frozen=True)
class Place:
    """Where an input lies: in a part at one end, within bounds, or at a label.

    Attributes
    ----------
    text : as written.
    share : of the draws, in the part at an end; None for the other forms.
    is_top : whether that end is the upper.
    bounds : all of which hold.
    label : of a choice; empty for the other forms.
    """

    text: str
    share: float | None = None
    is_top: bool = False
    bounds: tuple[Comparison, ...] = ()
    label: str = ""


def statement(text: str) -> Statement:
    """Read a statement.

    Raises
    ------
    InputError : when it cannot be read, without the key.
    """
    words = " ".join(str(text).split())
    read = _STATEMENT.fullmatch(words) if len(words) <= _LONGEST else None
    if read is None:
        raise InputError(f"'{words[:_LONGEST]}' cannot be read; {_STATEMENTS}")
    year = None if read["year"] is None else int(read["year"])
    return Statement(words, read["name"], (read["label"] or "").strip(), year, _compared(read))


def place(text: str) -> Place:
    """Read where an input lies.

    Raises
    ------
    InputError : when it cannot be read, without the key.
    """
    words = " ".join(str(text).split())
    if part := _PART.fullmatch(words):
        share = whole_number(part["share"])
        if share is None or not 0 < share < 1:
            raise InputError(f"'{words}': a part lies between 0 % and 100 %, such as top 10%")
        return Place(words, share, part["end"] == "top")
    if read := _COMPARED.fullmatch(words):
        return Place(words, bounds=(_compared(read),))
    low, between, high = words.partition(" to ")
    if between:
        return Place(words, bounds=(Comparison(">=", amount(low)), Comparison("<=", amount(high))))
    if _LABEL.fullmatch(words):
        return Place(words, label=words)
    raise InputError(f"'{words[:_LONGEST]}' cannot be read; {_PLACES}")


def amount(text: str) -> Amount:
    """Read a number or a date.

    Raises
    ------
    InputError : for anything else, without the key.
    """
    words = " ".join(text.split())
    number, days = _number(words), None
    if _SCALED.fullmatch(words) is None:
        try:
            first, last = window("", in_numbers(words))
            days = decimal_year(first - timedelta(days=1)), decimal_year(last)
        except (InputError, OverflowError):  # no date; a number may be none
            days = None
    if number is None and days is None:
        raise InputError(f"'{words[:_LONGEST]}' is neither a number nor a date; {_AMOUNTS}")
    return Amount(words, number, days)


def plain_number(given: object) -> object:
    """A number as a setting has it: of a text, such as `82 M`, `500 k`, `1.2 bn` or `80%`, its value; else what it is.

    Raises
    ------
    InputError : for a text that is no number, and for true and false, without the key.
    """
    if isinstance(given, bool):
        raise InputError(f"{given} is no number; {_NUMBERS}")
    if not isinstance(given, str):
        return given
    words = " ".join(given.split())
    if (number := _number(words)) is None:
        if begun := NUMBER.match(words):
            refuse_comma(words, begun)
        raise InputError(f"'{words[:_LONGEST]}' is no number; {_NUMBERS}")
    return number


def bound(given: object, variable: object, *, is_most: bool) -> object:
    """A bound of a variable as a setting has it: of a text its number; of a date, as decimal years, its end.

    Parameters
    ----------
    given : as typed.
    variable : what is bounded; a year is a date where this is one.
    is_most : whether it must not be exceeded; a lower bound is the end of the day before.

    Raises
    ------
    InputError : for a text that is neither a number nor a date, and for a date where numbers are, without the key.
    """
    if isinstance(given, bool):
        raise InputError(f"{given} is no number; {_AMOUNTS}")
    if not isinstance(given, (str, int)):
        return given
    read, known = amount(str(given)), VARIABLES.get(str(variable))
    if read.days is not None and (known is None or known.unit == _DATED):
        return read.days[is_most]
    if read.number is None:
        raise InputError(f"'{read.text}' is a date, where numbers are")
    return read.number


def variable_hint(name: str) -> str:
    """A hint at the variables that a name may mean: by its spelling, or by its initials, as `npv`; else the nearest."""
    initials = [known for known in VARIABLES if "".join(word[0] for word in known.split("_")) == name.lower()]
    if initials:
        return nearest(name, initials) if len(initials) > 1 else f"; did you mean '{initials[0]}'?"
    if "did you mean" in (hint := nearest(name, VARIABLES)):
        return hint
    parts = [known for known in VARIABLES if name.lower() in known]
    close = difflib.get_close_matches(name.lower(), VARIABLES, n=_MOST_NAMES, cutoff=0.0)
    shown = list(dict.fromkeys([*parts, *close]))[:_MOST_NAMES]
    return f"; the nearest: {', '.join(shown)}; docs/variables.md has all"


def _number(words: str) -> float | None:
    """The value of a number, perhaps with its scale; none of anything else."""
    scaled = _SCALED.fullmatch(words)
    number = whole_number(scaled[1] if scaled else words)
    return number if number is None or scaled is None else number * _SCALES[scaled[2]]


def _compared(read: re.Match[str]) -> Comparison:
    return Comparison(_SIGNS[read["sign"]], amount(read["amount"]))
