"""A quantity: an uncertain number with its unit and its source, one for all or one per label."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from sim.assumptions.distributions import NUMBER, POSITIVE, SHARE, Distribution, Kind
from sim.assumptions.text import Context, read
from sim.errors import InputError, nearest
from sim.evidence.ledger import Ledger
from sim.variables import STRATA

ASSUMPTION = "assumption:"
"""How a source begins that is a reason and not a row of the ledger."""

REST = "rest"
"""The text of the one share that is what the others leave."""

_T = TypeVar("_T")
_LEAF_KEYS = ("value", "source", "spread", "of", "criterion", "borrowed")


class Closed(BaseModel):
    """Frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
    distribution : what the text means; None for `rest`.
    source, spread, of, criterion, borrowed : see `Quantity` and `Rate`.
    """

    key: str
    text: str
    distribution: Distribution | None
    source: str
    spread: str | None = None
    of: str = ""
    criterion: str = ""
    borrowed: str | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it takes one value in every draw without drawing."""
        return self.distribution is not None and self.distribution.is_certain


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
    value: Any = None
    by: tuple[str, ...] = ()
    values: dict[str, Any] | None = None
    unit: str = Field(min_length=1)
    source: str
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
            if dimension not in STRATA:
                raise InputError(f"'{dimension}' is no dimension{nearest(dimension, STRATA)}")
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
        return Leaf(key, str(value), self._distribution(key, value, surroundings), **leaf)

    def _distribution(self, key: str, value: Any, surroundings: Surroundings) -> Distribution | None:
        return _within(key, lambda: read(value, self.kind, surroundings.text))

    @property
    def leaves(self) -> Mapping[tuple[str, ...], Leaf]:
        """Labels → leaf, in the order written; the one key is () where the quantity is not divided."""
        return self._leaves

    def labels(self, dimension: str) -> tuple[str, ...]:
        """The labels it has a value for along one of its dimensions."""
        place = self.by.index(dimension)
        return tuple(dict.fromkeys(labels[place] for labels in self._leaves))


class PositiveQuantity(Quantity):
    """A quantity from 0 up: patients, money, months."""

    kind = POSITIVE


class Number(Quantity):
    """A quantity of either sign."""

    kind = NUMBER


class Split(Quantity):
    """Shares that add up to 1 along their last dimension; one label may be the `rest`."""

    kind = SHARE

    def _distribution(self, key: str, value: Any, surroundings: Surroundings) -> Distribution | None:
        return None if value == REST else super()._distribution(key, value, surroundings)


class Rate(Quantity):
    """The share of one population that goes on to another.

    Attributes
    ----------
    of : the population it is a share of: `transplants`, or `transplants[allogeneic]` for one label's patients only.
    criterion : the diagnostic definition it was measured with.
    borrowed : "from … : why" where the rate comes from another cohort or criterion than the rest of the chain.
    """

    kind = SHARE
    of: str = Field(pattern=r"^\w+(\[[^\[\],]*[^\[\], ][^\[\],]*(,[^\[\],]*[^\[\], ][^\[\],]*)*\])?$")
    criterion: str = Field(min_length=1)
    borrowed: str | None = Field(default=None, pattern=r"^from .+: .+")


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


def _within(key: str, action: Callable[[], _T]) -> _T:
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
    if not isinstance(source, str) or not source.strip():
        raise InputError(f"{key}: a ledger id or '{ASSUMPTION} why' belongs here")
    if source.startswith(ASSUMPTION):
        if not source.removeprefix(ASSUMPTION).strip():
            raise InputError(f"{key}: '{ASSUMPTION}' needs its reason")
    else:
        _within(key, lambda: ledger[source])
