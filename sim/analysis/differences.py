"""What two sets of assumptions differ in, as inputs that can be taken over one by one.

A changed quantity is an input of its own. The plain settings of a trial or a market that differ, with the quantities
that belong to them, are one input more; a section that only one side has, or other strata, is an input as a whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import xarray as xr

from sim.assumptions.quantity import Closed, Quantity
from sim.assumptions.schema import Assumptions
from sim.variables import RATES, STRATA

PATIENTS = ("transplants", "vod")
SECTIONS = (*PATIENTS, "trial", "market")
"""The parts of the assumptions that the model reads, in its order."""

WITHOUT_TRIAL = "market.without_trial."
"""How the keys begin of what stands in for a trial."""

NONE = "none"
"""What stands for a part that one side lacks."""

GIVEN = "given"
"""What stands for such a part on the side that has it."""

_WORDS = ("title", "source", "spread")  # which no number hangs on
_SHOWN = 3  # settings that are written out


@dataclass(frozen=True)
class Input:
    """Something that two sets of assumptions differ in.

    Attributes
    ----------
    path : its key in parts.
    name : as people read it.
    sections : the sections that it takes over whole.
    parameters : of the draws, that it takes over.
    before, after : on either side, in words.
    parts : how many inputs were merged into it.
    """

    path: tuple[str, ...]
    name: str
    sections: frozenset[str]
    parameters: frozenset[str]
    before: str
    after: str
    parts: int = 1

    def touches(self, sections: Iterable[str]) -> bool:
        """Whether it changes anything of these sections."""
        whole = {*self.sections, *(name.partition(".")[0] for name in self.parameters)}
        return not whole.isdisjoint(sections)


@dataclass(frozen=True)
class Side:
    """One set of assumptions with the parameters of some draws.

    Attributes
    ----------
    assumptions : what is assumed.
    parameters : of the draws.
    stands_in : whether one side alone has a trial, so that what stands in for it counts as part of it.
    """

    assumptions: Assumptions
    parameters: xr.Dataset
    stands_in: bool = False

    def section(self, name: str) -> Any:
        """Of the assumptions; None where there is none."""
        return getattr(self.assumptions, name)

    def names(self, section: str) -> set[str]:
        """The parameters of a section."""
        return {str(name) for name in self.parameters.data_vars if self._home(str(name)) == section}

    @cached_property
    def known(self) -> dict[str, Quantity]:
        """Every quantity, by key."""
        return self.assumptions.quantities

    def quantities(self, section: str) -> dict[str, Quantity]:
        """The quantities of a section, by key."""
        return {key: found for key, found in self.known.items() if self._home(key) == section}

    def _home(self, key: str) -> str:
        return "trial" if self.stands_in and key.startswith(WITHOUT_TRIAL) else key.partition(".")[0]


def inputs(base: Side, other: Side) -> list[Input]:
    """Everything that moves a number of the model, in the order of the model.

    Parameters
    ----------
    base, other : the two sides, for the same draws.
    """
    joint = _joint(base.assumptions, other.assumptions)
    found = [_whole(joint, base, other)] if joint else []
    for section in SECTIONS:
        if section not in joint:
            found += _of_section(section, base, other)
    return found


def _joint(base: Assumptions, other: Assumptions) -> tuple[str, ...]:
    """The sections that can only change together, because the patients are divided otherwise."""
    apart = {name for name in STRATA if base.transplants.strata.of(name) != other.transplants.strata.of(name)}
    if not apart:
        return ()
    return PATIENTS if apart == {"transplant"} else (*PATIENTS, "market")  # of which only these two know regions, ages


def _whole(sections: Sequence[str], base: Side, other: Side) -> Input:
    """Sections as one input."""
    before, after = _described(sections, base, other), _described(sections, other, base)
    parameters = frozenset(name for section in sections for name in base.names(section) | other.names(section))
    return Input((sections[0],), _enumerated(sections), frozenset(sections), parameters, before, after)


def _enumerated(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _described(sections: Sequence[str], side: Side, against: Side) -> str:
    if all(side.section(name) is None for name in sections):
        return NONE
    titles = [", ".join(_titles(sections, one)) for one in (side, against)]
    if titles[0] != titles[1]:
        return titles[0]
    own, theirs = (dict(_all(sections, one)) for one in (side, against))
    return _listed({key: text for key, text in own.items() if theirs.get(key) != text})


def _titles(sections: Sequence[str], side: Side) -> list[str]:
    found = (getattr(side.section(name), "title", None) for name in sections)
    return [str(title) for title in found if title is not None]


def _all(sections: Sequence[str], side: Side) -> Iterator[tuple[str, str]]:
    """Every plain setting and quantity of some sections, with its text."""
    for section in sections:
        yield from _settings(side.section(section), section)
        yield from ((key, _text(quantity)) for key, quantity in side.quantities(section).items())


def _of_section(section: str, base: Side, other: Side) -> list[Input]:
    if (base.section(section) is None) != (other.section(section) is None):
        return [_whole([section], base, other)]
    if section == "vod":  # the model takes its rates, whatever they hang on
        return [_rate(name, base, other) for name in _moved({f"vod.{name}" for name in RATES}, base, other)]
    own, theirs = base.quantities(section), other.quantities(section)
    alike = {key for key in own.keys() & theirs.keys() if _is_alike(key, base, other)}
    settings = _changed(section, base, other, alike)
    if settings is not None and section == "transplants":  # a volume means nothing without its year and its trend
        return [_whole([section], base, other)]
    single = [_single(key, own[key], theirs[key]) for key in own if key in alike and _moved({key}, base, other)]
    return [*single, *([] if settings is None else [settings])]


def _is_alike(key: str, base: Side, other: Side) -> bool:
    """Whether a quantity means the same on both sides and is a number of the draw, so that it can be taken alone."""
    sides = base.known[key], other.known[key]
    if sides[0].is_law or sides[0].unit != sides[1].unit or any(key not in side.parameters for side in (base, other)):
        return False
    own, theirs = base.parameters[key], other.parameters[key]
    labels = [dimension for dimension in own.dims if dimension != "draw"]
    return own.dims == theirs.dims and all(own[name].equals(theirs[name]) for name in labels)


def _moved(keys: Iterable[str], base: Side, other: Side) -> list[str]:
    """Those parameters that have other values in any draw, in the order of the base."""
    asked = set(keys)
    same = [str(key) for key in base.parameters.data_vars if key in asked]
    return [key for key in same if not base.parameters[key].equals(other.parameters[key])]


def _single(key: str, before: Quantity, after: Quantity) -> Input:
    pair = _leaves(before), _leaves(after)
    apart = {label for label in {**pair[0], **pair[1]} if pair[0].get(label) != pair[1].get(label)} or set(pair[0])
    own, theirs = (_joined({label: text for label, text in side.items() if label in apart}) for side in pair)
    return Input(tuple(key.split(".")), key, frozenset(), frozenset([key]), own, theirs)


def _rate(key: str, base: Side, other: Side) -> Input:
    return _single(key, base.known[key], other.known[key])


def _changed(section: str, base: Side, other: Side, alike: set[str]) -> Input | None:
    """The plain settings of a section that differ, with the quantities that cannot be taken alone; None for none."""

    def side(one: Side) -> dict[str, str]:
        own = {key: _text(found) for key, found in one.quantities(section).items() if key not in alike}
        return {**dict(_settings(one.section(section), section)), **own}

    before, after = _folded(side(base), side(other))
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    if not keys:
        return None
    named = frozenset(key for key in base.names(section) | other.names(section) if key not in alike)
    texts = [{key: texts.get(key, NONE) for key in keys} for texts in (before, after)]
    if len(keys) == 1:
        (key,) = keys
        return Input(tuple(key.split(".")), key, frozenset([section]), named, texts[0][key], texts[1][key])
    titles = [str(one.section(section).title) for one in (base, other)] if len(keys) > _SHOWN else ["", ""]
    own, theirs = titles if titles[0] != titles[1] else [_listed(one) for one in texts]
    return Input((section,), f"{section}: {len(keys)} settings", frozenset([section]), named, own, theirs)


def _folded(*sides: dict[str, str]) -> list[dict[str, str]]:
    """Texts by key on both sides; a part that only one side has is one text and not many."""
    absent = {key for texts in sides for key, text in texts.items() if text == NONE}
    parts = {key for key in absent if any(other.startswith(f"{key}.") for texts in sides for other in texts)}
    below = tuple(f"{key}." for key in parts)
    own = [{key: text for key, text in texts.items() if not key.startswith(below)} for texts in sides]
    return [dict.fromkeys(sorted(parts), GIVEN) | texts for texts in own]


def _settings(part: Any, path: str) -> Iterator[tuple[str, str]]:
    """The plain settings of a part of the assumptions by key; quantities are none."""
    if isinstance(part, Quantity):
        return
    if isinstance(part, Closed):
        for name in type(part).model_fields:
            if name not in _WORDS:
                yield from _settings(getattr(part, name), f"{path}.{name}")
    elif isinstance(part, Mapping):
        for name, node in part.items():
            yield from _settings(node, f"{path}.{name}")
    else:
        yield path, NONE if part is None else str(part)


def _leaves(quantity: Quantity) -> dict[str, str]:
    return {", ".join(labels): leaf.text for labels, leaf in quantity.leaves.items()}


def _text(quantity: Quantity) -> str:
    return f"{_joined(_leaves(quantity))} {quantity.unit}"


def _joined(leaves: Mapping[str, str]) -> str:
    return "; ".join(f"{label}: {text}" if label else text for label, text in leaves.items())


def _listed(texts: Mapping[str, str]) -> str:
    shown = [f"{key} = {text}" for key, text in list(texts.items())[:_SHOWN]]
    return "; ".join([*shown, *([f"and {len(texts) - _SHOWN} more"] if len(texts) > _SHOWN else [])])
