"""What Hydra and OmegaConf complain about, in one line a planner understands."""

import re
from collections.abc import Iterable
from typing import Any

from hydra.core.override_parser.types import Override, RangeSweep
from hydra.errors import MissingConfigException, OverrideParseException

from sim.assumptions.transplants import CARRYING, NO_GROWTH
from sim.configuration.places import conf_dir
from sim.errors import InputError, nearest

_QUESTIONS = "sensitivity"  # the one group of which several options are chosen at once
_NO_HEADER = (
    "a scenario's file must begin with the line '# @package _global_', before any other and without a byte order mark, "
    "and name the options it chooses as '- override /group: option'"
)


def plain_words(fault: Exception, known: Iterable[str]) -> str:
    """One line for a refusal of Hydra, OmegaConf or the YAML reader.

    Parameters
    ----------
    fault : what was raised.
    known : every key of the base case, for the nearest to a misspelt one.
    """
    if isinstance(fault, MissingConfigException) and fault.missing_cfg_file and fault.options is not None:
        group, _, option = fault.missing_cfg_file.rpartition("/")
        return f"{group}: unknown option '{option}'{nearest(option, fault.options)}"
    if isinstance(fault, UnicodeDecodeError):
        return f"a configuration file is not UTF-8 text ({fault})"
    text = str(fault)
    if found := re.search(r"Could not override '([^']+)'", text):
        if "@scenario." in found[1]:
            return f"scenario: {_NO_HEADER}"
        known = list(known)
        if found[1] in known and _carries(found[1]):  # the base case has it, the chosen option leaves it out
            return f"{'.'.join(found[1].split('.')[:2])}: {NO_GROWTH}"
        inside = re.search(r"full_key: (\S+)", str(fault.__cause__))
        if inside and inside[1].startswith(f"{found[1]}."):  # a mapping was given, with a key that does not stand there
            return _not_inside(found[1], inside[1], known)
        if parent := _empty_parent(found[1], known):
            return f'{found[1]}: {parent} is null here; give it whole, as "{parent}={{…}}"'
        hint = nearest(found[1], known)
        return f"{found[1]}: unknown key{hint if 'did you mean' in hint else ''}"
    if found := re.search(r"Could not load '([^']+)/([^'/]+)'", text):  # an option in a list of several
        options = [path.stem for path in (conf_dir() / found[1]).glob("*.yaml")]
        return f"{found[1]}: unknown option '{found[2]}'{nearest(found[2], options)}"
    if found := re.search(r"Could not find '([^']+)'", text):
        return f"{found[1]}: there is no such option or group"
    if found := re.search(r"Interpolation key '([^']+)' not found\s+full_key: (\S+)", text):
        return f"{found[2]}: refers to '{found[1]}', which there is not"
    if found := re.search(r"Multiple values for (\w+)", text):
        return f"{found[1]}: is chosen twice; in a scenario's defaults write '- override /{found[1]}: option'"
    return " ".join(text.split()) or type(fault).__name__


def _not_inside(given: str, key: str, known: list[str]) -> str:
    """Why a mapping is refused that has a key of its own: it must be added, or is misspelt."""
    if key.rpartition(".")[2] in ("by", "values"):
        return f'{key}: is not there to be replaced; add it, with value: null, as "+{given}={{…}}"'
    return f"{key}: unknown key{nearest(key, known)}"


def _empty_parent(key: str, known: list[str]) -> str:
    """The part of the configuration that would hold a key, where the chosen options leave it empty; else nothing."""
    if key in known:
        return key.rpartition(".")[0]
    parent = key.rpartition(".")[0]
    is_leaf = parent in known and not any(other.startswith(f"{parent}.") for other in known)
    return parent if is_leaf else ""


def _carries(key: str) -> bool:
    """Whether a key is of what carries a volume to other years, which an option with a fitted trend does not have."""
    group, *below = key.split(".")
    return group == "transplants" and below[:1] != [] and below[0] in CARRYING


def check_scenario(mapping: dict[str, Any], name: str) -> None:
    """Refuse a scenario that is not laid over the whole configuration, or has no title.

    Raises
    ------
    InputError : saying what its file lacks.
    """
    scenario = mapping.get("scenario")
    if isinstance(scenario, dict) and ("scenario" in scenario or set(scenario) & (set(mapping) - {"scenario"})):
        raise InputError(f"scenario: {_NO_HEADER} ('{name}' does not)")
    if not isinstance(scenario, dict):
        raise InputError(f"scenario: '{name}' has no title")


def unparsed(fault: OverrideParseException) -> str:
    """Why an override cannot be read; one that looks like an unquoted text form is shown quoted."""
    key, _, value = fault.override.partition("=")
    if "(" in value and not value.startswith(("'", '"')):
        return f"{key}: a text with brackets is quoted twice, as in \"{key}='{value}'\""
    if re.search(r"\d,\d", value):
        return f"{key}: {value}: a comma inside a number is not read; write {without_commas(value)}"
    return f"{fault.override}: not understood; write key=value, and put a text with signs in double quotes"


def not_a_sweep(override: Override) -> str:
    """Why a comma, which asks for a sweep, is refused where a sweep was not asked for."""
    key, _, value = str(override.input_line).partition("=")
    comma = (
        f"a comma inside a number is not read; write {without_commas(value)}; " if re.search(r"\d,\d", value) else ""
    )
    several = "" if key != _QUESTIONS or "(" in value else f"to ask several at once write '{key}=[{value}]'; "
    return f"{key}: {value}: {comma}{several}to sweep over several values add -m"


def check_ranges(overrides: Iterable[Override]) -> None:
    """Refuse a sweep over a range with fractions: adding them up, it ends one step early or late.

    Raises
    ------
    InputError : naming the key.
    """
    for override in overrides:
        swept = override.value()
        ends = (swept.start, swept.stop, swept.step) if isinstance(swept, RangeSweep) else ()
        if any(isinstance(end, float) and not end.is_integer() for end in ends):
            raise InputError(f"{override.key_or_group}: a range with fractions is not exact; give the values as a list")


def without_commas(text: str) -> str:
    """A text whose numbers have commas, as it should be written: `45,000` → `45000`, `0,18` → `0.18`."""
    thousands = re.sub(r"(?<![\d,])([1-9]\d{0,2})((?:,\d{3})+)(?!\d)", lambda m: m[1] + m[2].replace(",", ""), text)
    return re.sub(r"(?<=\d),(?=\d)", ".", thousands)
