"""Whether the parts of a configuration fit each other: labels, denominators, criteria."""

from collections.abc import Iterator, Mapping, Sequence

from sim.assumptions.quantity import Leaf, Quantity, Rate
from sim.errors import InputError, nearest
from sim.variables import RATES, TOTAL

TOLERANCE = 1e-9
"""By how much a sum of shares may miss 1: what rounding does to decimal numbers."""

Labels = Mapping[str, Sequence[str]]


def check_strata(quantities: Mapping[str, Quantity], strata: Labels, divided: set[str]) -> None:
    """Every quantity has a value for exactly the labels of its dimensions, and every dimension is divided somehow.

    Raises
    ------
    InputError : naming the quantity and the label.
    """
    for name, quantity in quantities.items():
        for dimension in quantity.by:
            known, given = set(strata[dimension]), set(quantity.labels(dimension))
            if known == {TOTAL} != given:
                raise InputError(
                    f".{name}.by: given by {dimension} ({', '.join(sorted(given))}), but the transplants are not "
                    f"divided so: choose a transplants= option that is, or set transplants.strata.{dimension}"
                )
            for label in sorted(given - known):
                hint = nearest(label, known)
                raise InputError(f".{name}.values.{label}: no label of transplants.strata.{dimension}{hint}")
            for label in sorted(known - given):
                raise InputError(f".{name}.values: {dimension} '{label}' has no value")
        _check_complete(name, quantity)
    for dimension, labels in strata.items():
        if len(labels) > 1 and dimension not in divided:
            raise InputError(
                f".transplants.strata.{dimension}: {len(labels)} labels, but neither transplants.volume nor "
                f"transplants.shares.{dimension} divides the transplants among them"
            )


def _check_complete(name: str, quantity: Quantity) -> None:
    """A quantity by several dimensions has a value for each combination of their labels."""
    expected = 1
    for dimension in quantity.by:
        expected *= len(quantity.labels(dimension))
    if len(quantity.leaves) != expected:
        raise InputError(f".{name}.values: {len(quantity.leaves)} values for {expected} combinations of labels")


def check_splits(splits: Mapping[str, Quantity]) -> None:
    """Shares add up to 1: by one label that is the rest, or by certain numbers that do.

    Raises
    ------
    InputError : naming the split.
    """
    for name, split in splits.items():
        for group in {labels[:-1] for labels in split.leaves}:
            shares = [leaf.distribution for labels, leaf in split.leaves.items() if labels[:-1] == group]
            certain = [share.mean for share in shares if share is not None and share.is_certain]
            rests = shares.count(None)
            total = sum(certain)
            if rests > 1:
                raise InputError(f".transplants.shares.{name}.values: only one label can be the 'rest'")
            if (rests == 0 and (len(certain) < len(shares) or abs(total - 1) > TOLERANCE)) or total > 1 + TOLERANCE:
                raise InputError(
                    f".transplants.shares.{name}.values: the shares do not add up to 1 (certain ones: {total:.6g}); "
                    "give one label the value 'rest'"
                )


def check_rates(rates: Mapping[str, Rate], strata: Labels) -> None:
    """Every rate is a share of the population it is applied to, measured with the chain's one criterion.

    Raises
    ------
    InputError : naming the rate, what it is a share of, and what it would be applied to.
    """
    for name, stage in RATES.items():
        for labels, leaf in rates[name].leaves.items():
            population, _, inside = leaf.of.rstrip("]").partition("[")
            if population != stage.of:
                raise InputError(
                    f".vod.{name}.of: '{leaf.of}', but this rate is applied to '{stage.of}' to give '{stage.name}'"
                )
            for label in filter(None, (part.strip() for part in inside.split(","))):
                if label not in labels and (label,) not in {tuple(known) for known in strata.values()}:
                    raise InputError(
                        f".vod.{name}.of: a rate among '{leaf.of}' is applied to all of '{stage.of}'; "
                        "give it by label, or restrict the strata"
                    )
    _check_criterion(rates)


def _check_criterion(rates: Mapping[str, Rate]) -> None:
    own = [(name, leaf) for name, leaf in _leaves(rates) if leaf.borrowed is None]
    for name, leaf in own:
        if leaf.criterion != own[0][1].criterion:
            raise InputError(
                f".vod.{name}.criterion: '{leaf.criterion}' does not fit '{own[0][1].criterion}' of vod.{own[0][0]}; "
                "if it must stand in, say 'borrowed: from … : why'"
            )


def _leaves(rates: Mapping[str, Rate]) -> Iterator[tuple[str, Leaf]]:
    for name in RATES:
        for leaf in rates[name].leaves.values():
            yield name, leaf
