"""Formulas that know what they come to: the words of a spreadsheet's cell, and its number.

Each is built from others by Python's own operators, so that the text and the number cannot say different things: the
number stands in the file for programs that do not recalculate, and the text recalculates everywhere else.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly a text binds; an atom needs no brackets anywhere

_NOTHING = "0"  # a text that adds nothing

_WHOLE = 1e15  # below, a whole number is written without a power of ten


@dataclass(frozen=True)
class Condition:
    """What holds or does not."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Formula:
    """A number by a formula.

    Attributes
    ----------
    text : of the formula, without the sign of equality; cells of any sheet with the sheet's name before them.
    value : what it comes to.
    rank : how tightly the text binds.
    """

    text: str
    value: float
    rank: int = _ATOM

    def __add__(self, other: "Formula | float") -> "Formula":
        return _joined("+", self, other, _SUM, np.add)

    def __radd__(self, other: float) -> "Formula":
        return _joined("+", other, self, _SUM, np.add)

    def __sub__(self, other: "Formula | float") -> "Formula":
        return _joined("-", self, other, _SUM, np.subtract)

    def __rsub__(self, other: float) -> "Formula":
        return _joined("-", other, self, _SUM, np.subtract)

    def __mul__(self, other: "Formula | float") -> "Formula":
        return _joined("*", self, other, _PRODUCT, np.multiply)

    def __rmul__(self, other: float) -> "Formula":
        return _joined("*", other, self, _PRODUCT, np.multiply)

    def __truediv__(self, other: "Formula | float") -> "Formula":
        return _joined("/", self, other, _PRODUCT, np.divide)

    def __rtruediv__(self, other: float) -> "Formula":
        return _joined("/", other, self, _PRODUCT, np.divide)

    def __pow__(self, other: "Formula | float") -> "Formula":
        return _joined("^", self, other, _POWER, np.power)

    def __neg__(self) -> "Formula":
        return Formula(f"-{_within(self, _ATOM)}", -self.value, _SUM)

    def __gt__(self, other: "Formula | float") -> Condition:
        return _compared(">", self, other, np.greater)

    def __ge__(self, other: "Formula | float") -> Condition:
        return _compared(">=", self, other, np.greater_equal)

    def __lt__(self, other: "Formula | float") -> Condition:
        return _compared("<", self, other, np.less)


@dataclass(frozen=True)
class Word:
    """A cell that holds one of a few words."""

    text: str
    value: str

    def says(self, word: str) -> Condition:
        """Whether it is this word."""
        return Condition(f'{self.text}="{word}"', self.value == word)


@dataclass(frozen=True)
class Range:
    """Neighbouring cells."""

    text: str
    values: FloatArray


def number(value: "Formula | float") -> Formula:
    """A number as a formula."""
    if isinstance(value, Formula):
        return value
    whole = math.isfinite(value) and float(value).is_integer() and abs(value) < _WHOLE
    text = str(int(value)) if whole else repr(float(value)).upper()
    return Formula(text, float(value), _SUM if value < 0 else _ATOM)


def when(condition: Condition, then: Formula | float, otherwise: Formula | float) -> Formula:
    """One of two, by a condition."""
    first, second = number(then), number(otherwise)
    value = first.value if condition.holds else second.value
    return Formula(f"IF({condition.text},{first.text},{second.text})", value)


def both(first: Condition, second: Condition) -> Condition:
    """Whether both hold."""
    return Condition(f"AND({first.text},{second.text})", first.holds and second.holds)


def largest(*items: Formula | float | Range) -> Formula:
    """The largest of numbers and of cells."""
    return _of_all("MAX", items, np.max)


def smallest(*items: Formula | float | Range) -> Formula:
    """The smallest of numbers and of cells."""
    return _of_all("MIN", items, np.min)


def total(*items: Formula | float | Range) -> Formula:
    """The sum of numbers and of cells; of a single number that number."""
    if len(items) == 1 and isinstance(items[0], Formula):
        return items[0]
    return _of_all("SUM", items, np.sum)


def below_zero(cells: Range) -> Formula:
    """How many of the cells are below 0."""
    return Formula(f'COUNTIF({cells.text},"<0")', float((cells.values < 0).sum()))


def first_marked(marks: Range, years: Range) -> Formula:
    """The year of the first cell that is 1; an error where there is none."""
    found = np.flatnonzero(marks.values == 1.0)
    value = years.values[found[0]] if len(found) else math.nan
    return Formula(f"INDEX({years.text},MATCH(1,{marks.text},0))", float(value))


def exp(power: Formula) -> Formula:
    """The exponential function."""
    return _of_one("EXP", power, np.exp)


def ln(of: Formula) -> Formula:
    """The natural logarithm."""
    return _of_one("LN", of, np.log)


def root(of: Formula) -> Formula:
    """The square root."""
    return _of_one("SQRT", of, np.sqrt)


def size(of: Formula) -> Formula:
    """The number without its sign."""
    return _of_one("ABS", of, np.abs)


def normal(place: Formula) -> Formula:
    """The normal distribution function."""
    return Formula(f"NORMSDIST({place.text})", 0.5 * math.erfc(-place.value / math.sqrt(2.0)))


def round_up(of: Formula) -> Formula:
    """The next whole number, of a number from 0 up."""
    return Formula(f"ROUNDUP({of.text},0)", float(np.ceil(of.value)))


def tails(middle: Formula, spread: Formula, count: int) -> Formula:
    """The probabilities that a lognormal number is above 1, 2, … and so on to a count, added up.

    Parameters
    ----------
    middle, spread : mean and standard deviation of its logarithm.
    count : of the probabilities.
    """
    places = [(middle.value - math.log(above)) / spread.value for above in range(1, count + 1)] if spread.value else []
    value = math.fsum(0.5 * math.erfc(-place / math.sqrt(2.0)) for place in places)
    text = f"SUMPRODUCT(NORMSDIST(({_within(middle, _SUM)}-LN(ROW($1:${count})))/{_within(spread, _ATOM)}))"
    return Formula(text, value)


def _joined(
    sign: str, first: Formula | float, second: Formula | float, rank: int, apply: Callable[[float, float], float]
) -> Formula:
    left, right = number(first), number(second)
    if sign in "+-" and right.text == _NOTHING:
        return left
    if sign == "+" and left.text == _NOTHING:
        return right
    alike = sign in "+*"  # a sum of sums and a product of products need no brackets
    before = _within(left, rank if sign != "^" else _ATOM)
    after = _within(right, rank if alike else rank + 1)
    with np.errstate(all="ignore"):  # an error in the branch that is not taken
        return Formula(f"{before}{sign}{after}", float(apply(np.float64(left.value), np.float64(right.value))), rank)


def _compared(
    sign: str, first: Formula, second: Formula | float, apply: Callable[[float, float], np.bool_]
) -> Condition:
    other = number(second)
    return Condition(f"{first.text}{sign}{other.text}", bool(apply(first.value, other.value)))


def _within(part: Formula, rank: int) -> str:
    """A text as part of another: in brackets where it binds less tightly."""
    return part.text if part.rank >= rank else f"({part.text})"


def _of_one(name: str, of: Formula, apply: Callable[[float], float]) -> Formula:
    with np.errstate(all="ignore"):
        return Formula(f"{name}({of.text})", float(apply(np.float64(of.value))))


def _of_all(
    name: str, items: tuple[Formula | float | Range, ...], apply: Callable[[FloatArray], np.float64]
) -> Formula:
    parts = [item if isinstance(item, Range) else number(item) for item in items]
    values = np.concatenate([part.values if isinstance(part, Range) else np.array([part.value]) for part in parts])
    return Formula(f"{name}({','.join(part.text for part in parts)})", float(apply(values)))
