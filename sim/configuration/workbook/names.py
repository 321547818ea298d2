"""How the command line names workbooks."""

from collections.abc import Iterable

from hydra.core.override_parser.types import ChoiceSweep, Override

READ, WRITE = WORKBOOK_KEYS = ("workbook", "workbook_template")
"""The keys that name a workbook to read and one to write."""

SUFFIX = ".xlsx"
"""How the name of a workbook ends."""


def names(words: Iterable[Override], key: str) -> list[str]:
    """The workbooks that a key names: by the last word that gives it, as Hydra has it, and several in a sweep.

    Parameters
    ----------
    words : of the command line.
    key : one of `WORKBOOK_KEYS`.
    """
    for word in reversed([word for word in words if word.key_or_group == key and not word.is_delete()]):
        value = word.value()
        given = value.list if isinstance(value, ChoiceSweep) else [value]
        return list(dict.fromkeys(str(getattr(name, "text", name)) for name in given if name is not None))
    return []
