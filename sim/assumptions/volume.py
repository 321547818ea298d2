"""The volume of transplants: a number for one year, or a trend fitted to its history."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field, PrivateAttr, model_validator

from sim.assumptions.distributions import Distribution
from sim.assumptions.faults import FORMS
from sim.assumptions.leaf import ASSUMPTION, Heard, Leaf, Surroundings, within
from sim.assumptions.quantity import BORROWED, PositiveQuantity
from sim.assumptions.text import Context
from sim.assumptions.trends import Written, is_trend, read_trend
from sim.errors import InputError
from sim.evidence.compatible import Row
from sim.evidence.history import check_basis, read_history
from sim.evidence.ledger import Ledger
from sim.evidence.schema import UNSTATED
from sim.evidence.trend import FEWEST, Trend, fit

VOLUME = "transplants.volume"
DRIFT, NOISE, SHOCK = f"{VOLUME}.drift", f"{VOLUME}.noise", f"{VOLUME}.shock"
"""What a draw's path is made of where the volume follows a trend."""

LAW_UNIT = "log change per year"
"""Of drift and noise."""

_BASIS = r"^assumption: taken as (first|all) transplants, because .+"
_MEASURE = "transplant_volume"


class Volume(PositiveQuantity):
    """Transplants a year: in the reference year, or through the years by a trend.

    Attributes
    ----------
    borrowed : "from … : why" of a trend that borrows its noise, and with one year of its own its drift too.
    basis : "assumption: taken as first transplants, because …" of a trend whose rows do not say what they count.
    """

    borrowed: str | None = Field(default=None, pattern=BORROWED)
    basis: str | None = Field(default=None, pattern=_BASIS)
    _counted: list[Row] = PrivateAttr(default_factory=list)

    def _distribution(self, key: str, value: Any, context: Context) -> Distribution | None:
        return None if is_trend(value) else super()._distribution(key, value, context)

    def _leaf(self, key: str, node: Any, surroundings: Surroundings) -> Leaf:
        leaf = super()._leaf(key, node, surroundings)
        _check_words(leaf)
        for row in (surroundings.ledger[name] for name in leaf.carrying):
            if row["measure"] != _MEASURE:
                raise InputError(f"{key}: row '{row['id']}' measures {row['measure']}, not {_MEASURE}")
        if leaf.distribution is not None:
            return leaf
        text = within(key, lambda: read_trend(leaf.text))
        if bool(text.like) != (leaf.borrowed is not None):
            place = key.removesuffix(".value")
            raise InputError(f"{place}.borrowed: 'from …: why' goes with trend(…) like (…), and with that only")
        return within(key, lambda: self._fitted(leaf, text, surroundings.ledger))

    def _fitted(self, leaf: Leaf, text: Written, ledger: Ledger) -> Leaf:
        """The leaf of a trend, with the rows it rests on and what to warn of."""
        fewest = min(2, len(text.points)) if text.like else FEWEST  # one year fewer would be another law
        own = read_history(ledger, text.points, at_least=fewest)
        like = read_history(ledger, text.like, at_least=FEWEST) if text.like else None
        used = (*own.rows, *(like.rows if like else ()))
        heard = Heard(ledger)
        heard.use(used)
        if like:
            lent = "year-to-year noise" if len(own.points) > 1 else "growth and year-to-year noise"
            heard.note(f"{len(own.points)} of the {FEWEST} years that a trend needs: {lent} borrowed")
        if unstated := [row for row in used if ledger[row]["basis"] == UNSTATED]:
            _taken(leaf.basis, unstated[0])
            heard.note(f"basis unstated in {', '.join(unstated)}: {str(leaf.basis).removeprefix(ASSUMPTION).strip()}")
        self._count((ledger[row] for row in used), leaf.basis)
        rows = heard.rows_beside(leaf.source, leaf.spread)
        return replace(leaf, trend=fit(own, like), rows=rows, flags=heard.flags(rows))

    def _count(self, rows: Iterable[Row], basis: str | None) -> None:
        """Take rows for counted, and refuse those that count otherwise than the rows before."""
        for row in rows:
            taken = {**row, "basis": _taken(basis, row["id"])} if row["basis"] == UNSTATED else row
            self._counted.append(taken)
            check_basis(self._counted[0], taken)

    @model_validator(mode="after")
    def _all_or_none(self) -> "Volume":
        if len(self.trends) not in (0, len(self.leaves)):
            key = next(leaf.key for leaf in self.leaves.values() if leaf.trend is None)
            raise InputError(f"{key}: stands beside fitted trends; all values of a volume are trends, or none")
        return self

    @property
    def trends(self) -> Mapping[tuple[str, ...], Trend]:
        """Labels → fitted trend, in the order written; empty where the volume is given for one year."""
        return {labels: leaf.trend for labels, leaf in self.leaves.items() if leaf.trend is not None}

    @property
    def counted(self) -> str:
        """What the rows of the trends count: `first_transplants` or `all_transplants`."""
        return self._counted[0]["basis"] if self._counted else ""


def says_trend(volume: Any) -> bool:
    """Whether a volume, as it stands in the configuration, has a trend among its values."""
    if isinstance(volume, Mapping):
        return any(says_trend(node) for node in volume.values())
    return is_trend(volume)


def _taken(basis: str | None, row: str) -> str:
    """What a row that does not say what it counts is taken to count."""
    found = re.match(_BASIS, basis or "")
    if not found:
        raise InputError(
            f"row '{row}' does not state its basis, first or all transplants; say "
            "basis: 'assumption: taken as first transplants, because …'"
        )
    return f"{found[1]}_transplants"


def _check_words(leaf: Leaf) -> None:
    """`borrowed` and `basis` stand with a trend alone, in the words they have."""
    place = leaf.key.removesuffix(".value")
    for name, words, form in (("borrowed", leaf.borrowed, BORROWED), ("basis", leaf.basis, _BASIS)):
        if words is not None and leaf.distribution is not None:
            raise InputError(f"{place}.{name}: belongs to a trend(…) only")
        if words is not None and not re.match(form, words):
            raise InputError(f"{place}.{name}: {words!r} is not of the form {FORMS[name]}")
