"""A quantity: an uncertain number with its unit and its source, one for all or one per label."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from sim.assumptions.distributions import NUMBER, POSITIVE, SHARE, Discrete, Distribution, Kind
from sim.assumptions.leaf import ASSUMPTION, Heard, Leaf, Surroundings, check_source, within
from sim.assumptions.text import Context, read
from sim.errors import InputError, nearest
from sim.evidence.audit.meaning import unchainable
from sim.evidence.compatible import diagnosis, others
from sim.evidence.ledger import Ledger
from sim.evidence.schema import UNSTATED, number
from sim.variables import CHOICES, STRATA, TOTAL

_TAIL, _ROUNDING = 0.005, 0.005  # a number beyond these percentiles, and beyond rounding, is another
BORROWED = r"^from .+: .+"
"""How a quantity says what it is borrowed from, and why."""

Treatment = Literal["none", "defibrotide", "mixed"]
"""What patients were treated with."""

REST = "rest"
"""The text of the one share that is what the others leave."""

_LEAF_KEYS = ("value", "source", "spread", "of", "criterion", "treated", "borrowed", "basis")


class Closed(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # most are never judged alone


class Quantity(Closed):
    """An uncertain number. Final classes say which values it may take.

    Attributes
    ----------
    value : a number or one line of text; see the text forms in `docs/quantities.md`.
    by, values : dimensions, and a value (or a mapping with `value` and `source`) for each of their labels, in place
        of `value`.
    unit : of the value.
    source : a ledger id, or "assumption: why".
    spread : where the range comes from, when the source states the figure alone.
    """

    kind: ClassVar[Kind]
    dimensions: ClassVar[tuple[str, ...]] = STRATA
    is_law: ClassVar[bool] = False  # whether it says how sites or patients differ, and is no number of a draw
    value: Any = None
    by: tuple[str, ...] = ()
    values: dict[str, Any] | None = None
    unit: str = Field(min_length=1)
    source: str = ""
    spread: str | None = None
    _leaves: dict[tuple[str, ...], Leaf] = PrivateAttr(default_factory=dict)

    @field_validator("by", mode="before")
    @classmethod
    def _one_or_more(cls, by: Any) -> Any:
        return (by,) if isinstance(by, str) else by

    @field_validator("by")
    @classmethod
    def _known_dimensions(cls, by: tuple[str, ...]) -> tuple[str, ...]:
        for dimension in by:
            if dimension not in cls.dimensions:
                raise InputError(f"'{dimension}' is no dimension{nearest(dimension, cls.dimensions)}")
        if len(set(by)) < len(by):
            raise InputError(f"{', '.join(by)}: a dimension stands twice")
        return by

    @model_validator(mode="after")
    def _read_leaves(self, info: ValidationInfo) -> "Quantity":
        surroundings = info.context
        assert isinstance(surroundings, Surroundings)
        for labels, key, node in self._nodes():
            self._leaves[labels] = self._leaf(key, node, surroundings)
        return self

    def _nodes(self) -> Iterator[tuple[tuple[str, ...], str, Any]]:
        if self.by:
            if self.values is None or self.value is not None:
                raise InputError(f".values: one value for each label of {' × '.join(self.by)} belongs here")
            yield from _walk(self.values, (), ".values", len(self.by))
        elif self.values is not None:
            raise InputError(".by: 'values' needs the dimension it gives a value for each label of")
        elif self.value is None:
            raise InputError(".value: a number or a text such as '0.15 to 0.25' is missing")
        else:
            yield (), ".value", self.value

    def _leaf(self, key: str, node: Any, surroundings: Surroundings) -> Leaf:
        shared = {name: getattr(self, name) for name in _LEAF_KEYS[1:] if hasattr(self, name)}
        own = dict(node) if isinstance(node, Mapping) else {"value": node}
        for name in own:
            if name not in ("value", *shared):
                raise InputError(f"{key}.{name}: unknown key{nearest(str(name), _LEAF_KEYS)}")
        if "value" not in own:
            raise InputError(f"{key}.value: is missing")
        value = own.pop("value")
        leaf = {**shared, **own}
        check_source(f"{key}.source" if "source" in own else ".source", leaf["source"], surroundings.ledger)
        if leaf["spread"] is not None:
            check_source(f"{key}.spread" if "spread" in own else ".spread", leaf["spread"], surroundings.ledger)
        heard = Heard(surroundings.ledger)
        distribution = self._distribution(key, value, heard.listening(surroundings.text))
        rows = heard.rows_beside(leaf["source"], leaf["spread"])
        return Leaf(key, str(value), distribution, **leaf, rows=rows, flags=heard.flags(rows))

    def _distribution(self, key: str, value: Any, context: Context) -> Distribution | None:
        return within(key, lambda: read(value, self.kind, context))

    @property
    def leaves(self) -> Mapping[tuple[str, ...], Leaf]:
        """Labels → leaf, in the order written; the one key is () where the quantity is not divided."""
        return self._leaves

    def labels(self, dimension: str) -> tuple[str, ...]:
        """The labels it has a value for along one of its dimensions."""
        place = self.by.index(dimension)
        return tuple(dict.fromkeys(labels[place] for labels in self._leaves))

    def only(self, dimension: str, labels: Sequence[str]) -> "Quantity":
        """The same quantity with some labels of one of its dimensions alone, in their order.

        A label that it has no value for takes that of `all`, with a flag; without one it is left out.
        """
        place, kept, found = self.by.index(dimension), self.model_copy(), dict[tuple[str, ...], Leaf]()
        known = self.labels(dimension)
        for label in labels:
            source = label if label in known else TOTAL
            for own, leaf in self._leaves.items():
                if own[place] == source:
                    flag = () if source == label else (f"{dimension} '{label}' has no value of its own: as for all",)
                    found[(*own[:place], label, *own[place + 1 :])] = replace(leaf, flags=(*leaf.flags, *flag))
        kept._leaves = found
        return kept


class PositiveQuantity(Quantity):
    """A quantity from 0 up: patients, money, months."""

    kind = POSITIVE


class Number(Quantity):
    """A quantity of either sign."""

    kind = NUMBER


class Split(Quantity):
    """Shares that add up to 1 along their last dimension; one label may be the `rest`."""

    kind = SHARE

    def _distribution(self, key: str, value: Any, context: Context) -> Distribution | None:
        return None if value == REST else super()._distribution(key, value, context)


class Choice(Quantity):
    """Which label a draw has: `discrete(seattle=0.5, baltimore=0.5)`."""

    kind = NUMBER
    dimensions = ()

    def _distribution(self, key: str, value: Any, context: Context) -> Distribution | None:
        found = within(key, lambda: read(value, self.kind, context, allow_labels=True))
        if not isinstance(found, Discrete) or found.is_numeric:
            raise InputError(f"{key}: {value} chooses no label; write discrete(a=0.5, b=0.5)")
        return found

    @property
    def weights(self) -> dict[str, float]:
        """Label → its probability, in the order written."""
        found = self.leaves[()].distribution
        assert isinstance(found, Discrete)
        return dict(zip(found.labels, found.weights, strict=True))


class Rate(Quantity):
    """The share of one population that goes on to another.

    Attributes
    ----------
    of : the population it is a share of: `transplants`, or `transplants[allogeneic]` for one label's patients only.
    criterion : the diagnostic definition it was measured with.
    treated : what the patients it was measured in were treated with.
    borrowed : "from … : why" where the rate comes from another cohort or criterion than the rest of the chain.
    """

    kind = SHARE
    dimensions = (*STRATA, *CHOICES)
    of: str = Field(pattern=r"^\w+(\[[^\[\],]*[^\[\], ][^\[\],]*(,[^\[\],]*[^\[\], ][^\[\],]*)*\])?$")
    criterion: str = ""
    treated: Treatment = "none"
    borrowed: str | None = Field(default=None, pattern=BORROWED)

    def _leaf(self, key: str, node: Any, surroundings: Surroundings) -> Leaf:
        leaf = super()._leaf(key, node, surroundings)
        if not leaf.criterion:
            raise InputError(f"{key}.criterion: is missing" if self.by else ".criterion: is missing")
        if leaf.treated not in get_args(Treatment):
            raise InputError(f"{key}.treated: '{leaf.treated}' is none of {', '.join(get_args(Treatment))}")
        if leaf.borrowed is not None and not re.match(BORROWED, leaf.borrowed):
            raise InputError(f"{key}.borrowed: '{leaf.borrowed}' is not of the form 'from …: why'")
        return replace(leaf, flags=(*leaf.flags, *_doubts(leaf, surroundings.ledger)))


def _doubts(leaf: Leaf, ledger: Ledger) -> Iterator[str]:
    """What sets a rate apart from the evidence it names: other patients, another number."""
    rows = [ledger[row] for row in leaf.carrying]
    if apart := others([row for row in rows if row["id"] != leaf.source], leaf.of):
        yield f"pools other patients: {', '.join(apart)}"
    for row in rows:
        if row["measure"] == "day100_mortality" and row["treated"] == UNSTATED and leaf.treated == "none":
            yield f"{row['id']} does not say how its patients were treated: taken as untreated"
        if leaf.borrowed is None and (own := diagnosis(row)) not in ("", leaf.criterion):
            yield f"{row['id']} was diagnosed by '{own}', the rate by '{leaf.criterion}'"
    if leaf.borrowed is None:
        yield from (f"{finding.rows[0]} {finding.words}" for finding in unchainable(rows))
    if leaf.borrowed is not None or leaf.source.startswith(ASSUMPTION) or leaf.distribution is None:
        return
    stated = number(ledger[leaf.source]["mean"])
    if stated is not None and not _holds(leaf.distribution, stated):
        yield f"{leaf.source} says {stated:.3g}, the value has a mean of {leaf.distribution.mean:.3g}"


def _holds(distribution: Distribution, stated: float) -> bool:
    """Whether a stated number is within what is assumed: between its percentiles, or its mean to three digits."""
    low, high = distribution.ppf(np.array([_TAIL, 1.0 - _TAIL]))
    return low <= stated <= high or math.isclose(distribution.mean, stated, rel_tol=_ROUNDING)


def _walk(values: Any, labels: tuple[str, ...], key: str, depth: int) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """The leaves of nested `values`, label by label."""
    if depth == 0:
        yield labels, key, values
        return
    if not isinstance(values, Mapping) or not values:
        raise InputError(f"{key}: a mapping from labels to values belongs here")
    for label, node in values.items():
        if not isinstance(label, str):
            raise InputError(f"{key}: the label {label} is no text (YAML reads NO as false: put it in quotes)")
        yield from _walk(node, (*labels, label), f"{key}.{label}", depth - 1)
