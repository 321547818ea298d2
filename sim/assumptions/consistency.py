"""Whether the parts of a configuration fit each other: labels, denominators, criteria."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import get_args

from sim.assumptions.leaf import Leaf
from sim.assumptions.quantity import Choice, Quantity, Rate, Treatment
from sim.errors import InputError, nearest
from sim.evidence.audit.meaning import circular
from sim.evidence.compatible import diagnosis, population
from sim.evidence.ledger import Ledger
from sim.evidence.schema import UNSTATED
from sim.variables import CHOICES, RATES, TOTAL, TYPED, Variable

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
    """Every rate is a share of the population it is applied to.

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


def check_choices(rates: Mapping[str, Rate], choices: Mapping[str, Choice]) -> None:
    """Rates are given by a choice that is made, and no choice is made for nothing.

    Raises
    ------
    InputError : naming the rate or the choice.
    """
    for dimension in CHOICES:
        by = [name for name, rate in rates.items() if dimension in rate.by]
        for label in sorted({label for name in by for label in rates[name].labels(dimension)}):
            if dimension in choices and label not in choices[dimension].weights:
                hint = nearest(label, choices[dimension].weights)
                raise InputError(f".vod.{dimension}.value: '{label}', which vod.{by[0]} has, is no label of it{hint}")
        if by and dimension not in choices:
            raise InputError(
                f".vod.{by[0]}.by: given by {dimension}, but vod.{dimension} is missing, which chooses one"
            )
        if dimension in choices and not by:
            raise InputError(f".vod.{dimension}: no rate is given 'by: {dimension}'")


def check_criteria(rates: Mapping[str, Rate], choices: Labels) -> None:
    """The rates of one draw were measured with one criterion, but for those that are borrowed or a planner's own.

    Raises
    ------
    InputError : naming the rate and both criteria.
    """
    for labels in product(*choices.values()):
        chosen = dict(zip(choices, labels, strict=True))
        leaves = _leaves(rates, chosen)
        own = [(name, leaf) for name, leaf in leaves if leaf.borrowed is None and leaf.source != TYPED]
        for name, leaf in own:
            if leaf.criterion != own[0][1].criterion:
                raise InputError(
                    f".vod.{name}.criterion: '{leaf.criterion}' does not fit '{own[0][1].criterion}' of "
                    f"vod.{own[0][0]}; if it must stand in, say 'borrowed: from … : why'"
                )


def _leaves(rates: Mapping[str, Rate], chosen: Mapping[str, str]) -> Iterator[tuple[str, Leaf]]:
    """The leaves that a draw with these labels may use."""
    for name, rate in rates.items():
        for labels, leaf in rate.leaves.items():
            own = dict(zip(rate.by, labels, strict=True))
            if all(own.get(dimension, label) == label for dimension, label in chosen.items()):
                yield name, leaf


def check_evidence(rates: Mapping[str, Rate], ledger: Ledger) -> None:
    """The rows a rate rests on measure that rate, among those patients, under that treatment.

    Raises
    ------
    InputError : naming the rate, the row and what does not fit.
    """
    for name, stage in RATES.items():
        for leaf in rates[name].leaves.values():
            place = f".vod.{name}{leaf.key}"
            rows = [ledger[identifier] for identifier in leaf.carrying]
            for row in rows:
                _check_row(place, row, leaf, stage)
            if leaf.borrowed is None:
                _check_patients(place, rows, leaf)


def _check_row(place: str, row: Mapping[str, str], leaf: Leaf, stage: Variable) -> None:
    if row["measure"] != stage.measure:
        raise InputError(f"{place}: row '{row['id']}' measures {row['measure']}, not {stage.measure}")
    if row["treated"] in get_args(Treatment) and row["treated"] != leaf.treated:
        raise InputError(
            f"{place}: row '{row['id']}' is of patients with treatment '{row['treated']}', the rate of "
            f"'{leaf.treated}'; say treated: {row['treated']} if that is meant"
        )
    if leaf.borrowed is None:
        _check_definition(place, row, leaf)


def _check_definition(place: str, row: Mapping[str, str], leaf: Leaf) -> None:
    """The row's own criterion is the rate's, where both are stated, and does not hold the outcome itself."""
    own = diagnosis(row)
    if own not in ("", UNSTATED, leaf.criterion) and leaf.criterion != UNSTATED:
        raise InputError(
            f"{place}: row '{row['id']}' was measured by '{own}', not by '{leaf.criterion}'; "
            "if it must stand in, say 'borrowed: from … : why'"
        )
    if next(circular([row]), None):
        raise InputError(
            f"{place}: row '{row['id']}' defines severity by its outcome; "
            "if it must stand in, say 'borrowed: from … : why'"
        )


def _check_patients(place: str, rows: Sequence[Mapping[str, str]], leaf: Leaf) -> None:
    """The cited row is of just these patients; of pooled rows one at least is, others being flagged."""
    cited = {row["id"]: row["denominator"] for row in rows if row["id"] == leaf.source}
    among = cited or {row["id"]: population(row["denominator"]) for row in rows}
    if among and not {"", UNSTATED, leaf.of} & set(among.values()):
        identifier, denominator = next(iter(among.items()))
        raise InputError(
            f"{place}: row '{identifier}' is a share of {denominator}, not of {leaf.of}; "
            "if it must stand in, say 'borrowed: from … : why'"
        )
