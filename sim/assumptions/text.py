"""The one line of text by which a configuration names a distribution, read by a closed recursive-descent parser.

    quantity = number | number "to" number ["at" number] | "low" number "base" number "high" number | call
    call     = name "(" [argument {"," argument}] ")"

What an argument is depends on the name. Nothing is ever evaluated, and names lead only to the two tables given here.
"""

import math
import numbers
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

from sim.assumptions.distributions import (
    ARGUMENTS,
    Beta,
    Certain,
    Discrete,
    Distribution,
    FloatArray,
    Kind,
    Metalog,
    Mixture,
    Sample,
    between,
    build,
    hold,
)
from sim.assumptions.distributions.cursor import EXAMPLES, Cursor, shown
from sim.assumptions.pooling_forms import POOLING, read_pooled
from sim.errors import InputError, nearest

LONGEST = 2000
"""Characters that a text may have."""

DEEPEST = 5
"""Distributions that may stand within one another."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?=\s*\()")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(?=\s*=)")
_LABEL = re.compile(r"[^=,()]+(?=\s*=)")
_PLAIN = re.compile(r"[^,()]+")


def _no_sample(file: str, column: str) -> FloatArray:
    """Refuse to read a file."""
    raise InputError(f"sample({file}, {column}): no files can be read here")


def _no_ledger(ids: tuple[str, ...]) -> list[tuple[int, int]]:
    """Refuse to read the ledger."""
    raise InputError(f"pooled({', '.join(ids)}): no ledger of evidence can be read here")


def _no_note(_words: str) -> None:
    """Warn of nothing."""


@final
@dataclass(frozen=True)
class Context:
    """What a text may refer to outside of itself; by default nothing.

    Parameters
    ----------
    read_sample
        From a file and a column to its values; called for `sample(file.csv, column)`.
    pooled_rows
        From ledger ids to events and patients of each; called for `pooled(…)` and its like.
    note
        Takes what a reader of the result should be warned of, in a few words.
    """

    read_sample: Callable[[str, str], FloatArray] = _no_sample
    pooled_rows: Callable[[tuple[str, ...]], list[tuple[int, int]]] = _no_ledger
    note: Callable[[str], None] = _no_note


NOTHING = Context()
"""The context of a text that refers to nothing outside of itself."""


def read(
    value: float | int | str, kind: Kind, context: Context = NOTHING, *, allow_labels: bool = False
) -> Distribution:
    """The distribution that a number or a text means, within the bounds of the quantity's kind.

    Parameters
    ----------
    value
        As it stands in the configuration, in the quantity's unit.
    kind
        Bounds, and the family of `a to b`.
    context
        Where samples and evidence come from.
    allow_labels
        Whether `discrete(…)` may name labels that are no numbers.

    Raises
    ------
    InputError
        In one line, without the quantity's key, which the caller knows.
    """
    if isinstance(value, bool):
        raise InputError(
            f"{value} is not a number: YAML reads NO, no, off as false and yes, on as true; quote the text"
        )
    if isinstance(value, numbers.Real):
        text, distribution = f"{value}", _certain(value)
    elif isinstance(value, str):
        text = value.strip()
        distribution = _whole(text, kind, context)
    else:
        raise InputError(f"{shown(repr(value))} is neither a number nor a text; write for example {EXAMPLES}")
    if isinstance(distribution, Discrete) and not distribution.is_numeric:
        if not allow_labels:
            raise InputError(f"{shown(text)}: labels stand where numbers are wanted ({kind.rule})")
        return distribution
    return hold(distribution, kind, shown(text))


def _certain(value: numbers.Real) -> Distribution:
    """A number that is known, if it is finite."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{number} is not a finite number")
    return Certain(number)


def _whole(text: str, kind: Kind, context: Context) -> Distribution:
    """The distribution that the whole text means."""
    if len(text) > LONGEST:
        raise InputError(f"a text of {len(text)} characters is too long: it may have {LONGEST}")
    parser = _Parser(Cursor(text), kind, context)
    found = parser.quantity()
    parser.cursor.finish()
    return found


@final
@dataclass(frozen=True)
class _Parser:
    """The grammar at one depth of one text."""

    cursor: Cursor
    kind: Kind
    context: Context
    depth: int = 0

    def quantity(self) -> Distribution:
        """Read any of the forms."""
        first = self.cursor.number_if_any()
        if first is not None:
            return self.interval(first) if self.cursor.word("to") else Certain(first)
        return self.three_points() if self.cursor.word("low") else self.call()

    def interval(self, low: float) -> Distribution:
        """Read the rest of `low to high at 80%`."""
        high = self.cursor.number()
        if max(low, high) > self.kind.high:
            raise InputError(
                f"{shown(self.cursor.text)}: {max(low, high):g} is above {self.kind.high:g} ({self.kind.rule}); "
                "per cent have their sign, on both numbers: 5% to 20%"
            )
        return between(low, high, self.cursor.number() if self.cursor.word("at") else 0.9, self.kind)

    def three_points(self) -> Distribution:
        """Read the rest of `low 0.10 base 0.15 high 0.22`."""
        values = [self.cursor.number()]
        for word in ("base", "high"):
            if not self.cursor.word(word):
                self.cursor.fail(f"'{word}'")
            values.append(self.cursor.number())
        points = list(zip((0.1, 0.5, 0.9), values, strict=True))
        return Metalog.through(points, self.kind.low, self.kind.high, "low base high")

    def call(self) -> Distribution:
        """Read `name(…)`."""
        found = self.cursor.match(_NAME)
        if found is None:
            self.cursor.fail()
        name = found[0]
        if name in ARGUMENTS:
            return build(name, self.named_numbers(name), self.kind)
        if name in POOLING:
            return read_pooled(name, self.cursor, self.context.pooled_rows, self.context.note)
        if name not in _SPECIAL:
            raise InputError(f"unknown distribution '{shown(name)}'{nearest(name, [*ARGUMENTS, *POOLING, *_SPECIAL])}")
        return _SPECIAL[name](self)

    def named_numbers(self, name: str) -> dict[str, float]:
        """Read `(mean=0.2, sd=0.03)`."""
        numbers_: dict[str, float] = {}
        for _ in self.cursor.arguments():
            key = self.cursor.expect(_KEY, f"an argument of {name} such as {ARGUMENTS[name][0]}=0.2")
            self.cursor.need("=")
            if key in numbers_:
                raise InputError(f"{name}: {shown(key)} is given twice")
            numbers_[key] = self.cursor.number()
        return numbers_

    def discrete(self) -> Distribution:
        """Read `(a=0.3, b=0.7)`."""
        labels, weights = [], []
        for _ in self.cursor.arguments():
            labels.append(self.cursor.expect(_LABEL, "a label such as a=0.3"))
            self.cursor.need("=")
            weights.append(self.cursor.number())
        return Discrete(tuple(labels), tuple(weights))

    def mixture(self) -> Distribution:
        """Read `(beta(…)=0.7, 0.1=0.3)`."""
        if self.depth == DEEPEST:
            raise InputError(f"{shown(self.cursor.text)}: more than {DEEPEST} mixtures within one another")
        inner = _Parser(self.cursor, self.kind, self.context, self.depth + 1)
        components, weights = [], []
        for _ in self.cursor.arguments():
            components.append(inner.quantity())
            self.cursor.need("=")
            weights.append(self.cursor.number())
        return Mixture(tuple(components), tuple(weights))

    def count(self) -> Distribution:
        """Read `(events=87, n=1652)`: the posterior of a share under the prior of Jeffreys 1946."""
        given: dict[str, float] = {}
        for _ in self.cursor.arguments():
            key = self.cursor.expect(_KEY, "events=… or n=…")
            self.cursor.need("=")
            if key not in ("events", "n"):
                raise InputError(f"count: unknown argument '{shown(key)}'{nearest(key, ('events', 'n'))}")
            if key in given:
                raise InputError(f"count: {key} is given twice")
            given[key] = self.cursor.number()
            if not given[key].is_integer():
                raise InputError(f"count: {key} = {given[key]:g} must be a whole number")
        if len(given) < 2:
            raise InputError(f"count needs events and n; given: {', '.join(given) or 'nothing'}")
        events, n = given["events"], given["n"]
        if n <= 0:
            raise InputError(f"count: n = {n:g} must be above 0")
        if not 0 <= events <= n:
            raise InputError(f"count: events = {events:.15g} must lie between 0 and n = {n:.15g}")
        return Beta(events + 0.5, n - events + 0.5)

    def sample(self) -> Distribution:
        """Read `(file.csv, column)`."""
        given = [self.cursor.expect(_PLAIN, "a file or a column") for _ in self.cursor.arguments()]
        if len(given) != 2:
            raise InputError(f"sample needs a file and a column, as in sample(file.csv, column); {len(given)} given")
        return Sample(self.context.read_sample(given[0], given[1]))


_SPECIAL: Mapping[str, Callable[[_Parser], Distribution]] = {
    "count": _Parser.count,
    "discrete": _Parser.discrete,
    "mixture": _Parser.mixture,
    "sample": _Parser.sample,
}
