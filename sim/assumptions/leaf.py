"""A leaf of a quantity: its value for one combination of labels, with the evidence it rests on."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sim.assumptions.distributions import Distribution
from sim.assumptions.text import Context
from sim.errors import InputError
from sim.evidence.ledger import Ledger
from sim.evidence.trend import Trend

ASSUMPTION = "assumption:"
"""How a source begins that is a reason and not a row of the ledger."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Surroundings:
    """What quantities are read against.

    Attributes
    ----------
    ledger : the evidence they cite.
    text : where the text forms find ledger rows and sampled draws.
    files : path → SHA-256 of the files of samples, filled as they are read.
    """

    ledger: Ledger
    text: Context = field(default_factory=Context)
    files: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Leaf:
    """A quantity's value for one combination of labels.

    Attributes
    ----------
    key : where it stands below the quantity: `.value`, or `.values.allogeneic`.
    text : the value as written.
    distribution : what the text means; None for `rest` and for a trend.
    source, spread, of, criterion, treated, borrowed, basis : see `Quantity`, `Rate` and `Volume`.
    trend : what the text of a volume means that is a fitted trend.
    rows : ledger rows it rests on: its source, its spread and those its text pools.
    flags : what a reader should be warned of, in a few words each.
    """

    key: str
    text: str
    distribution: Distribution | None
    source: str
    spread: str | None = None
    of: str = ""
    criterion: str = ""
    treated: str = ""
    borrowed: str | None = None
    basis: str | None = None
    trend: Trend | None = None
    rows: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether it takes one value in every draw without drawing."""
        return self.distribution is not None and self.distribution.is_certain

    @property
    def carrying(self) -> tuple[str, ...]:
        """The rows that its value rests on: all but one that gives the range alone."""
        told = {self.source, *re.findall(r"[\w.\-]+", self.text)}
        return tuple(row for row in self.rows if row != self.spread or row in told)


class Heard:
    """What reading one value brings up: the ledger rows it uses, and what to warn of."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._rows: list[str] = []
        self._notes: list[str] = []

    def listening(self, context: Context) -> Context:
        """The same context, overheard."""

        def pooled_rows(ids: tuple[str, ...]) -> list[tuple[int, int]]:
            counts = context.pooled_rows(ids)
            self.use(self._ledger.known(ids))
            return counts

        return replace(context, pooled_rows=pooled_rows, note=self.note)

    def use(self, rows: Iterable[str]) -> None:
        """Take these ledger rows for used."""
        self._rows.extend(rows)

    def note(self, words: str) -> None:
        """Take this for what to warn of."""
        self._notes.append(words)

    def rows_beside(self, *sources: str | None) -> tuple[str, ...]:
        """The rows cited and those used, each once."""
        cited = [source for source in sources if source is not None and not source.startswith(ASSUMPTION)]
        return tuple(dict.fromkeys([*cited, *self._rows]))

    def flags(self, rows: tuple[str, ...]) -> tuple[str, ...]:
        """What was noted while reading, and the rows among these that nobody has verified."""
        recalled = [row for row in rows if self._ledger[row]["verified"] == "recalled"]
        unverified = [f"from memory, unverified: {', '.join(recalled)}"] if recalled else []
        return (*self._notes, *unverified)


def within(key: str, action: Callable[[], _T]) -> _T:
    """Do it, and name the key in front of whatever is refused."""
    try:
        return action()
    except InputError as fault:
        raise InputError(f"{key}: {fault}") from fault


def check_source(key: str, source: Any, ledger: Ledger) -> None:
    """Refuse a source that is neither a row of the ledger nor an assumption with a reason.

    Parameters
    ----------
    key : where it stands, for the message.
    source : what stands there.
    ledger : the evidence there is.

    Raises
    ------
    InputError : naming the key.
    """
    if source == "":
        raise InputError(f"{key}: is missing (a ledger id, or '{ASSUMPTION} why')")
    if not isinstance(source, str) or not source.strip():
        raise InputError(f"{key}: a ledger id or '{ASSUMPTION} why' belongs here")
    if source.startswith(ASSUMPTION):
        if not source.removeprefix(ASSUMPTION).strip():
            raise InputError(f"{key}: '{ASSUMPTION}' needs its reason")
    else:
        within(key, lambda: ledger[source])
