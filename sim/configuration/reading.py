"""Hydra reads every file of a configuration several times for each composition; here each once, until it changes."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource

_READ = "load_config"
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

    setattr(files, _READ, from_memory)
    try:
        yield
    finally:
        setattr(files, _READ, read)


def _place(folder: str, config_path: str) -> _Place:
    """A file and when it was last written; nothing of one that is not there, which Hydra says itself."""
    path = Path(folder, config_path if config_path.endswith(".yaml") else f"{config_path}.yaml")
    if not path.is_file():
        return folder, config_path, 0, 0
    state = path.stat()
    return folder, config_path, state.st_mtime_ns, state.st_size
