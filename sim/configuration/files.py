"""The files a configuration was composed of: worked out once for the same choices, again when a file has changed."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra.core.default_element import ResultDefault
from omegaconf import DictConfig

from sim.configuration.replacing import File
from sim.plain_yaml import read_yaml

_KEPT = 64
"""Compositions whose files are remembered; a notebook that changes a value again and again needs one."""

_State = tuple[tuple[str, int, int], ...]
_found: dict[tuple[_State, tuple[tuple[str, str], ...]], list[File]] = {}


def files_of(settings: DictConfig, defaults: Callable[[], Sequence[ResultDefault]]) -> list[File]:
    """The files a configuration was composed of, in order, Hydra's own left out.

    Parameters
    ----------
    settings : Hydra's own settings beside it, with the folders it searched and the options that were chosen.
    defaults : works out anew what was composed, which takes as long as composing.
    """
    folders = [Path(source.path) for source in settings.runtime.config_sources if source.schema == "file"]
    choices: Mapping[str, Any] = settings.runtime.choices
    made = _state(folders), tuple((str(group), str(option)) for group, option in choices.items())
    if made not in _found:
        if len(_found) >= _KEPT:
            _found.clear()
        _found[made] = _read(defaults(), folders)
    return _found[made]


def _state(folders: Sequence[Path]) -> _State:
    """Every file that could be composed, and when it was last written."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.yaml"))]
    return tuple((str(path), (found := path.stat()).st_mtime_ns, found.st_size) for path in files)


def _read(defaults: Sequence[ResultDefault], folders: Sequence[Path]) -> list[File]:
    found = []
    for default in defaults:
        places = [folder / f"{default.config_path}.yaml" for folder in folders]
        place = next((place for place in places if place.is_file()), None)
        if place is not None and not str(default.config_path).startswith("hydra/"):
            package = default.package if default.package not in (None, "_global_") else ""
            found.append(File(str(default.config_path), package, _content(place, place.stat().st_mtime_ns)))
    return found


@cache
def _content(place: Path, _changed: int) -> Any:
    """What a file says, read once for each time it was changed; nobody may change it."""
    return read_yaml(place)
