"""Which quantities are asked about together: all, those of a part of the model, and groups that were typed."""

from collections.abc import Mapping, Sequence

from sim.analysis.sensitivity.information.choice import Choice
from sim.errors import InputError, nearest

EVERY = "every quantity"
"""The set of all quantities: what is left is chance."""


def sets_of(choice: Choice, groups: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[int, ...]]:
    """Set → the quantities in it, by their place.

    Parameters
    ----------
    choice : what is decided.
    groups : typed, by name; an entry is a quantity, or a section such as `market.costs`.

    Raises
    ------
    InputError : when an entry names no uncertain quantity.
    """
    every = tuple(range(len(choice.names)))
    sections = {section: tuple(choice.places(section)) for section in dict.fromkeys(map(_section, choice.names))}
    typed = {name: _group(choice, name, entries) for name, entries in (groups or {}).items()}
    several = {name: places for name, places in sections.items() if 1 < len(places) < len(every)}
    return {EVERY: every, **several, **typed}


def _group(choice: Choice, name: str, entries: Sequence[str]) -> tuple[int, ...]:
    found: set[int] = set()
    key = f"sensitivity.groups.{name}"
    for entry in entries:
        places = choice.places(entry)
        if not places:
            raise InputError(f"{key}: '{entry}' is no uncertain quantity of this run{nearest(entry, choice.names)}")
        found.update(places)
    if not found:
        raise InputError(f"{key}: names nothing")
    return tuple(sorted(found))


def _section(name: str) -> str:
    return name.partition(".")[0]
