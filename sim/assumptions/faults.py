"""What pydantic found wrong, said in one line: key, value, bound."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import nearest

_BOUNDS = {
    "greater_than_equal": ("ge", "is below"),
    "greater_than": ("gt", "is not above"),
    "less_than_equal": ("le", "is above"),
    "less_than": ("lt", "is not below"),
}

FORMS = {
    "of": "'transplants' or 'transplants[allogeneic]'",
    "borrowed": "'from …: why'",
    "basis": "'assumption: taken as first transplants, because …' (or all transplants)",
}
"""What a text must look like, by key."""

_WHOLE = {
    "int_parsing": "whole number", "int_from_float": "whole number", "int_type": "whole number",
    "float_parsing": "number", "float_type": "number", "bool_parsing": "true or false", "bool_type": "true or false",
}  # fmt: skip


def one_line(fault: ValidationError, model: type[BaseModel]) -> str:
    """All that is wrong, joined into one line.

    Parameters
    ----------
    fault : what validation raised.
    model : the model that was validated, whose keys are the known ones.
    """
    return "; ".join(dict.fromkeys(_phrase(error, set(_field_names(model))) for error in fault.errors()))


def _phrase(error: ErrorDetails, known: set[str]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    kind, given, limits = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"{key}: unknown key{_close(str(error['loc'][-1]), known)}"
    if kind == "missing":
        return f"{key}: is missing" + (" (a ledger id, or 'assumption: why')" if key.endswith("source") else "")
    if kind == "value_error":
        message = str(limits["error"])
        return (key + message).lstrip(".") if message.startswith(".") else f"{key}: {message}"
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{key}: {given} {words} {limits[name]}"
    if kind == "literal_error":
        names = str(limits["expected"]).replace("True", "true").replace("False", "false")  # as YAML writes them
        return f"{key}: {given!r} is not one of {names}"
    if kind == "string_type":
        return f"{key}: {given} is no text" + _yaml_hint(given)
    if kind in ("model_type", "dict_type", "model_attributes_type"):
        return f"{key}: {given!r} stands where keys with values belong" + (
            f"; write {key}.value={given}, or where it is null {key}={{value: {given}, unit: …, source: …}}"
            * _plain(given)
        )
    if kind == "string_too_short":
        return f"{key}: a text is missing"
    if kind == "string_pattern_mismatch":
        return f"{key}: {given!r} is not of the form {FORMS.get(str(error['loc'][-1]), limits['pattern'])}"
    if kind in _WHOLE:
        return f"{key}: {given!r} is no {_WHOLE[kind]}"
    return f"{key}: {error['msg'][0].lower()}{error['msg'][1:]} (given: {given!r})"


def _plain(given: Any) -> bool:
    """Whether a number or a text was given, that may have been meant as a value."""
    return isinstance(given, (int, float, str))


def _yaml_hint(given: Any) -> str:
    return " (YAML reads NO, off and yes as false or true: put it in quotes)" if isinstance(given, bool) else ""


def _close(name: str, known: set[str]) -> str:
    hint = nearest(name, known - {name})  # it is known elsewhere
    return hint if "did you mean" in hint else ""


def _field_names(model: type[BaseModel]) -> Iterator[str]:
    """Every key of a model and of the models inside it."""
    for name, field in model.model_fields.items():
        yield name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel) and not issubclass(part, Mapping):
                yield from _field_names(part)
