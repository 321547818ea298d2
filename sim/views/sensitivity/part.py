"""One part of a report: what was asked, the answer in a sentence, its picture, its table."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.figure import Figure

from sim.results.run import Results
from sim.views.numbers import ABSENT

_OPEN = 12  # rows of a table that stand open on a page; the others are unfolded


class Part(NamedTuple):
    """What is shown of one method.

    Attributes
    ----------
    name : of the table it is read from, and of its picture.
    title : the heading.
    sentence : the answer.
    reading : how picture and table are to be read.
    heads : of the table's columns; the first is that of the rows, and numbers begin with the second.
    rows : cells as they are shown.
    figure : draws the picture; None where there is none.
    notes : what to mind, a sentence each.
    """

    name: str
    title: str
    sentence: str
    reading: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: Callable[[Results], Figure] | None = None
    notes: Sequence[str] = ()

    @property
    def columns(self) -> list[int]:
        """The columns worth showing: the first, and those with something in some row."""
        return [
            place
            for place in range(len(self.heads))
            if place == 0 or any(row[place] not in ("", ABSENT) for row in self.rows)
        ]

    @property
    def open_rows(self) -> Sequence[Sequence[str]]:
        """The rows that are shown at once."""
        return self.rows[:_OPEN]

    @property
    def more_rows(self) -> Sequence[Sequence[str]]:
        """The rows that are unfolded."""
        return self.rows[_OPEN:]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, column by name."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
