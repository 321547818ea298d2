"""What Hydra does several times for each composition, here once: read a file, until it changes, and list the files."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hydra._internal import config_loader_impl
from hydra._internal.defaults_list import DefaultsList, Overrides
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource

_READ = "load_config"
_LIST = "create_defaults_list"  # works out which files a configuration is joined of
_KEPT = 512  # files that are remembered

_Place = tuple[str, str, int, int]
_known: dict[_Place, bytes] = {}


@contextmanager
def reading_once(*, pinned: bool = False) -> Iterator[None]:
    """Let Hydra, within this block, take a file it has read before from memory.

    Parameters
    ----------
    pinned : whether a file that changes within the block is still what it was; else it is read anew.
    """
    Plugins.instance()  # registers what reads files
    files = SourcesRegistry.instance().resolve("file")
    read, before = getattr(files, _READ), dict[tuple[str, str], _Place]()

    def from_memory(source: ConfigSource, config_path: str) -> ConfigResult:
        place = _place(source.path, config_path)
        if pinned:
            place = before.setdefault((source.path, config_path), place)
        if place not in _known:
            if len(_known) >= _KEPT:
                _known.clear()
            _known[place] = pickle.dumps(read(source, config_path), pickle.HIGHEST_PROTOCOL)
        found: ConfigResult = pickle.loads(_known[place])  # a copy, since Hydra changes what it is given
        return found

    with in_place_of(files, _READ, from_memory):
        yield


@contextmanager
def listing_once() -> Iterator[None]:
    """Let Hydra, within this block, list once which files configurations of the same choices are joined of."""
    with in_place_of(config_loader_impl, _LIST, _list_once(getattr(config_loader_impl, _LIST))):
        yield


@contextmanager
def in_place_of(owner: object, name: str, other: Callable[..., Any]) -> Iterator[None]:
    """Let another function, within this block, have a function's name.

    Parameters
    ----------
    owner : the module or class that has it.
    name : of the function.
    other : what stands in for it.
    """
    before = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _list_once(anew: Callable[..., DefaultsList]) -> Callable[..., DefaultsList]:
    """The files of the same choices are the same: values, by Hydra's own rule what is no choice, have no part in it."""
    listed: dict[tuple[object, ...], DefaultsList] = {}

    def list_once(repo: Any, config_name: str | None, overrides_list: list[Override], **how: bool) -> DefaultsList:
        values = Overrides(repo=repo, overrides_list=overrides_list).config_overrides
        chosen = [one for one in overrides_list if not any(one is value for value in values)]
        searched = [(source.provider, source.path) for source in repo.get_sources()]
        made = config_name, *how.items(), *searched, *(one.input_line for one in chosen)
        if made not in listed:
            listed[made] = anew(repo, config_name, chosen, **how)
        return replace(listed[made], config_overrides=values)

    return list_once


def _place(folder: str, config_path: str) -> _Place:
    """A file and when it was last written; nothing of one that is not there, which Hydra says itself."""
    path = Path(folder, config_path if config_path.endswith(".yaml") else f"{config_path}.yaml")
    if not path.is_file():
        return folder, config_path, 0, 0
    state = path.stat()
    return folder, config_path, state.st_mtime_ns, state.st_size
