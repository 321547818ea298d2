"""What Hydra need not do anew for each run of a sweep: try out what it composes later, read and join the same files."""

import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig

from sim.configuration.reading import reading_once

_CHECK = "validate_batch_is_legal"  # composes every run, which the launcher then does again
_JOIN = "_compose_config_from_defaults_list"  # takes longer than all else of composing


@contextmanager
def composing_many() -> Iterator[None]:
    """Let Hydra, within this block, read each file once, join the same files once, and try one run of each kind.

    Runs are of one kind where they choose the same options and set the same keys to values of the same type: what is
    wrong with composing one is wrong with all. A file that changes while a sweep is under way changes none of its runs.
    """
    whole, join = getattr(Sweeper, _CHECK), getattr(ConfigLoaderImpl, _JOIN)
    joined: dict[str, bytes] = {}

    def check(sweeper: Sweeper, batch: Sequence[Sequence[str]]) -> None:
        kinds: dict[tuple[str, ...], Sequence[str]] = {}
        for overrides in batch:
            kinds.setdefault(tuple(map(_kind, overrides)), overrides)
        whole(sweeper, list(kinds.values()))

    def join_once(loader: ConfigLoaderImpl, defaults: list[ResultDefault], repo: object) -> DictConfig:
        names = repr(defaults)
        if names not in joined:
            joined[names] = pickle.dumps(join(loader, defaults, repo), pickle.HIGHEST_PROTOCOL)
        found: DictConfig = pickle.loads(joined[names])  # a copy, into which a run writes its values
        return found

    setattr(Sweeper, _CHECK, check)
    setattr(ConfigLoaderImpl, _JOIN, join_once)
    try:
        with reading_once(pinned=True):
            yield
    finally:
        setattr(Sweeper, _CHECK, whole)
        setattr(ConfigLoaderImpl, _JOIN, join)


def _kind(override: str) -> str:
    """The whole of it where it may choose an option; else its key and the type of its value."""
    name = override.partition("=")[0]
    if "." not in name or "/" in name or "@" in name:
        return override
    value = OverridesParser.create().parse_override(override).value()
    return f"{name}={type(value).__name__}"
