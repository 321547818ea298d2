"""Many inputs as few: those that lie deepest under one key become one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sim.analysis.differences import Input

_SHOWN = 3  # of those merged, that are written out


def merged(found: Sequence[Input], most: int) -> list[Input]:
    """The same inputs, so many at most: those that lie deepest under one key become one, step by step.

    Parameters
    ----------
    found : inputs.
    most : their number at most, at least that of the sections.
    """
    left = list(found)
    while len(left) > most:
        depth = max(len(one.path) for one in left)
        families: dict[tuple[str, ...], list[Input]] = {}
        for one in left:
            families.setdefault(one.path[:-1] if len(one.path) == depth > 1 else one.path, []).append(one)
        path = _family(families, len(left) - most)
        if len(families[path]) == 1:
            left = [_lifted(one) if len(one.path) == depth else one for one in left]
            continue
        place = left.index(families[path][0])
        left = [one for one in left if one not in families[path]]
        left.insert(place, _together(path, families[path]))
    return left


def _family(families: Mapping[tuple[str, ...], Sequence[Input]], above: int) -> tuple[str, ...]:
    """The smallest family that makes so many inputs fewer; else the largest."""
    enough = [path for path, family in families.items() if len(family) > above]
    if enough:
        return min(enough, key=lambda path: len(families[path]))
    return max(families, key=lambda path: len(families[path]))


def _lifted(one: Input) -> Input:
    return replace(one, path=one.path[:-1])


def _together(path: tuple[str, ...], family: Sequence[Input]) -> Input:
    def text(side: str) -> str:
        shown = [f"{one.name} = {getattr(one, side)}" for one in family[:_SHOWN]]
        return "; ".join([*shown, *([f"and {len(family) - _SHOWN} more"] if len(family) > _SHOWN else [])])

    sections = frozenset[str]().union(*(one.sections for one in family))
    parameters = frozenset[str]().union(*(one.parameters for one in family))
    parts = sum(one.parts for one in family)
    name = f"{'.'.join(path)} ({parts} inputs)"
    return Input(path, name, sections, parameters, text("before"), text("after"), parts)
