"""What Hydra need not do anew for each run of a sweep: try it before, read, list and join the same files."""

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.plugins.sweeper import Sweeper
from omegaconf import DictConfig

from sim.configuration.reading import in_place_of, listing_once, reading_once

_CHECK = "validate_batch_is_legal"  # composes every run, which the launcher then does again
_JOIN = "_compose_config_from_defaults_list"  # takes longer than all else of composing


@contextmanager
def composing_many() -> Iterator[None]:
    """Let Hydra, within this block, read each file once, list and join the same files once, try one run of each kind.

    Runs are of one kind where they choose the same options and set the same keys to values of the same type: what is
    wrong with composing one is wrong with all. A file that changes while a sweep is under way changes none of its runs.
    The values of a run are written into what its files are joined to by Hydra itself.
    """
    with ExitStack() as opened:
        opened.enter_context(in_place_of(Sweeper, _CHECK, _check_of_kinds(getattr(Sweeper, _CHECK))))
        opened.enter_context(listing_once())
        opened.enter_context(in_place_of(ConfigLoaderImpl, _JOIN, _join_once(getattr(ConfigLoaderImpl, _JOIN))))
        opened.enter_context(reading_once(pinned=True))
        yield


def _check_of_kinds(whole: Callable[..., None]) -> Callable[..., None]:
    def check(sweeper: Sweeper, batch: Sequence[Sequence[str]]) -> None:
        kinds: dict[tuple[str, ...], Sequence[str]] = {}
        for overrides in batch:
            kinds.setdefault(tuple(map(_kind, overrides)), overrides)
        whole(sweeper, list(kinds.values()))

    return check


def _join_once(join: Callable[..., DictConfig]) -> Callable[..., DictConfig]:
    joined: dict[str, bytes] = {}

    def join_once(loader: ConfigLoaderImpl, defaults: list[ResultDefault], repo: object) -> DictConfig:
        names = repr(defaults)
        if names not in joined:
            joined[names] = pickle.dumps(join(loader, defaults, repo), pickle.HIGHEST_PROTOCOL)
        found: DictConfig = pickle.loads(joined[names])  # a copy, into which a run writes its values
        return found

    return join_once


def _kind(override: str) -> str:
    """The whole of it where it may choose an option; else its key and the type of its value."""
    name = override.partition("=")[0]
    if "." not in name or "/" in name or "@" in name:
        return override
    value = OverridesParser.create().parse_override(override).value()
    return f"{name}={type(value).__name__}"
