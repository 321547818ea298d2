"""What was counted of some draws, as plain arrays: what is sent between machines, kept on disk, and added up."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Parts = Mapping[str, NDArray[Any]]
"""Arrays by name; of what they are made, the object knows that gave them."""


def named(owner: str, parts: Parts) -> dict[str, NDArray[Any]]:
    """The same arrays under the name of their owner."""
    return {f"{owner}/{name}": array for name, array in parts.items()}


def of(owner: str, parts: Parts) -> dict[str, NDArray[Any]]:
    """The arrays of an owner, under the names that it gave them."""
    before = f"{owner}/"
    return {name.removeprefix(before): array for name, array in parts.items() if name.startswith(before)}
