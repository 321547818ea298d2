"""The text of a fitted trend: `trend(a, b + c, …)`, or `trend(a, …) like (d, e, …)`."""

import re
from typing import Any, NamedTuple

from sim.assumptions.distributions.cursor import Cursor, shown
from sim.assumptions.text import LONGEST
from sim.errors import InputError
from sim.evidence.trend import FEWEST

_TREND = re.compile(r"\s*trend\s*\(")
_NAME = re.compile(r"trend(?=\s*\()")
_ROW = re.compile(r"[\w.\-]+", re.ASCII)

_Points = tuple[tuple[str, ...], ...]


class Written(NamedTuple):
    """A trend as it is written.

    Attributes
    ----------
    points : the ledger ids of each year; several are added up.
    like : those of the history it borrows from; empty where it borrows nothing.
    """

    points: _Points
    like: _Points


def is_trend(value: Any) -> bool:
    """Whether a value is the text of a trend."""
    return isinstance(value, str) and _TREND.match(value) is not None


def read_trend(text: str) -> Written:
    """Read the text of a trend.

    Raises
    ------
    InputError : in one line, for another form, and for too few years to tell the year-to-year noise.
    """
    if len(text) > LONGEST:
        raise InputError(f"a text of {len(text)} characters is too long: it may have {LONGEST}")
    cursor = Cursor(text)
    cursor.expect(_NAME, "trend(…)")
    points = _points(cursor)
    like = _points(cursor) if cursor.word("like") else ()
    cursor.finish()
    if not points:
        raise InputError(f"{shown(text)}: a trend needs the ledger ids of its years")
    if len(like or points) < FEWEST:
        borrow = "" if like else "; another history may lend it: trend(…) like (…)"
        raise InputError(
            f"{shown(text)}: year-to-year noise needs a history of {FEWEST} years, {len(like or points)} given{borrow}"
        )
    return Written(points, like)


def _points(cursor: Cursor) -> _Points:
    """Read `(a, b + c, …)`."""
    points = []
    for _ in cursor.arguments():
        rows = [cursor.expect(_ROW, "a ledger id")]
        while cursor.sign("+"):
            rows.append(cursor.expect(_ROW, "a ledger id"))
        if cursor.sign("="):
            raise InputError("trend: takes ids of ledger rows; counts of your own belong in a ledger, evidence.file=…")
        points.append(tuple(rows))
    return tuple(points)
