"""What Hydra need not do anew for each run of a sweep: try out what it composes later, and read the same files."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.sweeper import Sweeper

from sim.configuration.reading import reading_once

_CHECK = "validate_batch_is_legal"  # composes every run, which the launcher then does again


@contextmanager
def composing_many() -> Iterator[None]:
    """Let Hydra, within this block, read each file once, and compose in advance the first run of each kind alone.

    Runs are of one kind where they choose the same options and set the same keys to values of the same type: what is
    wrong with composing one is wrong with all. A file that changes while a sweep is under way changes none of its runs.
    """
    whole = getattr(Sweeper, _CHECK)

    def check(sweeper: Sweeper, batch: Sequence[Sequence[str]]) -> None:
        kinds: dict[tuple[str, ...], Sequence[str]] = {}
        for overrides in batch:
            kinds.setdefault(tuple(map(_kind, overrides)), overrides)
        whole(sweeper, list(kinds.values()))

    setattr(Sweeper, _CHECK, check)
    try:
        with reading_once(pinned=True):
            yield
    finally:
        setattr(Sweeper, _CHECK, whole)


def _kind(override: str) -> str:
    """The whole of it where it may choose an option; else its key and the type of its value."""
    name = override.partition("=")[0]
    if "." not in name or "/" in name or "@" in name:
        return override
    value = OverridesParser.create().parse_override(override).value()
    return f"{name}={type(value).__name__}"
