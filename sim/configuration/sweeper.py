"""What Hydra need not do anew for each run of a sweep: try out what it composes later, and read the same files."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.plugins.sweeper import Sweeper

_CHECK = "validate_batch_is_legal"  # composes every run, which the launcher then does again
_READ = "load_config"


@contextmanager
def composing_many() -> Iterator[None]:
    """Let Hydra, within this block, read each file once, and compose in advance the first run of each kind alone.

    Runs are of one kind where they choose the same options and set the same keys to values of the same type: what is
    wrong with composing one is wrong with all. A file that changes while a sweep is under way changes none of its runs.
    """
    Plugins.instance()  # registers what reads files
    files = SourcesRegistry.instance().resolve("file")
    whole, read = getattr(Sweeper, _CHECK), getattr(files, _READ)
    known: dict[tuple[str, str], ConfigResult] = {}

    def check(sweeper: Sweeper, batch: Sequence[Sequence[str]]) -> None:
        kinds: dict[tuple[str, ...], Sequence[str]] = {}
        for overrides in batch:
            kinds.setdefault(tuple(map(_kind, overrides)), overrides)
        whole(sweeper, list(kinds.values()))

    def read_once(source: ConfigSource, config_path: str) -> ConfigResult:
        place = source.path, config_path
        if place not in known:
            known[place] = read(source, config_path)
        return copy.deepcopy(known[place])  # Hydra changes what it is given

    setattr(Sweeper, _CHECK, check)
    setattr(files, _READ, read_once)
    try:
        yield
    finally:
        setattr(Sweeper, _CHECK, whole)
        setattr(files, _READ, read)


def _kind(override: str) -> str:
    """The whole of it where it may choose an option; else its key and the type of its value."""
    name = override.partition("=")[0]
    if "." not in name or "/" in name or "@" in name:
        return override
    value = OverridesParser.create().parse_override(override).value()
    return f"{name}={type(value).__name__}"
