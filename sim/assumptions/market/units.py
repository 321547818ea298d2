"""The units that a market reckons in, and what cannot be 0: years must not pass for months."""

import re
from collections.abc import Mapping

from sim.assumptions.distributions import ends
from sim.assumptions.quantity import Quantity
from sim.errors import InputError

_UNITS = {
    "patients.uptake.years": "year", "patients.uptake.midpoint": "year", "patients.uptake.rise": "year",
    "patients.uptake.innovation": "year", "patients.uptake.imitation": "year", "dosing.dose": "mg",
    "dosing.vial": "mg", "dosing.weight": "kg", "dosing.days.response": "day", "dosing.days.death": "day",
    "dosing.days.toxicity": "day", "launch.filing": "month", "launch.review": "month",
    "launch.reimbursement": "month", "exclusivity.orphan": "year", "competition.during": "year",
    "competition.after": "year", "named_patient.ends_after_miss": "month", "costs.goods": "vial",
    "costs.trial_year": "year", "costs.selling": "year", "price_change": "year", "inflation": "year",
    "discount_rate": "year", "payer.care_with": "patient", "payer.care_without": "patient",
}  # fmt: skip
"""The word that the unit of a quantity must hold, by key below `market`."""


def check_units(quantities: Mapping[str, Quantity]) -> None:
    """The model does not convert: a quantity is in the unit it reckons with.

    Parameters
    ----------
    quantities : by key below `market`.

    Raises
    ------
    InputError : naming the quantity and its unit.
    """
    for name, quantity in quantities.items():
        word = _UNITS.get(name)
        if word is not None and not re.search(rf"\b{word}s?\b", quantity.unit):
            raise InputError(f".{name}.unit: '{quantity.unit}' does not speak of {word}s; convert the value")
        if name.startswith("exchange.") and not quantity.unit.endswith(f"per {name.removeprefix('exchange.')}"):
            raise InputError(
                f".{name}.unit: '{quantity.unit}' does not end with 'per {name.removeprefix('exchange.')}'"
            )


def check_above_zero(quantities: Mapping[str, Quantity]) -> None:
    """What is divided by, or worth nothing at 0.

    Parameters
    ----------
    quantities : by key.

    Raises
    ------
    InputError : naming the quantity that reaches 0.
    """
    for name, quantity in quantities.items():
        for leaf in quantity.leaves.values():
            if leaf.distribution is not None and (leaf.distribution.mean <= 0 or ends(leaf.distribution)[0] < 0):
                raise InputError(f".{name}{leaf.key}: {leaf.text} is not above 0")
