"""Whether quantities are in the units that the model reckons in, and above 0 where they must be."""

import re
from collections.abc import Mapping

from sim.assumptions.distributions import ends
from sim.assumptions.quantity import Quantity
from sim.errors import InputError


def check_units(quantities: Mapping[str, Quantity], words: Mapping[str, str]) -> None:
    """The model reckons in fixed units and does not convert: 6 weeks must not pass for 6 days.

    Parameters
    ----------
    quantities : by key.
    words : the word that the unit of a quantity must hold, in the singular, by key.

    Raises
    ------
    InputError : naming the quantity and its unit.
    """
    for name, quantity in quantities.items():
        word = words.get(name)
        if word is not None and not re.search(rf"\b{word}s?\b", quantity.unit):
            raise InputError(f".{name}.unit: '{quantity.unit}' is not in {word}s; convert the value, or mend the unit")


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
