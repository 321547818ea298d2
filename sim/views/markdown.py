"""Markdown that reads well on a code host and in a terminal alike: aligned tables, short lines."""

import re
import textwrap
from collections.abc import Collection, Iterable, Sequence

from sim.views.numbers import NO_BREAK, unbroken

_WIDTH = 110  # characters of a line of words; a table takes what its cells need
_SHORT = 60  # characters of what is typed that no line ends in
_RULE = 3  # characters that the line below a table's head has at least


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Collection[str] = ()) -> str:
    """A table with its columns aligned.

    Parameters
    ----------
    heads : of the columns.
    rows : of cells, as many as there are columns.
    numbers : heads of the columns that stand to the right.
    """
    cells = [[_cell(text) for text in row] for row in (heads, *rows)]
    widths = [max(_RULE, *(len(row[place]) for row in cells)) for place in range(len(heads))]
    columns = [(width, head in numbers) for width, head in zip(widths, heads, strict=True)]
    rule = [f"{'-' * (width - 1)}{':' if to_right else '-'}" for width, to_right in columns]
    lines = [_aligned(row, columns) for row in (cells[0], rule, *cells[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _aligned(row: Sequence[str], columns: Sequence[tuple[int, bool]]) -> list[str]:
    """Cells as wide as their columns, to the left or to the right."""
    return [
        text.rjust(width) if to_right else text.ljust(width)
        for text, (width, to_right) in zip(row, columns, strict=True)
    ]


def item(text: str, depth: int = 0) -> str:
    """A point of a list; further lines of it stand under its first word."""
    margin = "  " * depth
    return wrapped(text, f"{margin}- ", f"{margin}  ")


def wrapped(text: str, first: str = "", further: str = "") -> str:
    """Words in lines; no word is broken, nor a number and its sign, nor what `code` keeps together."""
    lines = textwrap.fill(
        unbroken(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(NO_BREAK, " ")


def link(heading: str) -> str:
    """A link to a heading of the same page, by the name that code hosts give it."""
    target = re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-")
    return f"[{heading}](#{target})"


def code(text: str) -> str:
    """Text as it is typed, on one line where it is short; nothing for none."""
    return f"`{text.replace(' ', NO_BREAK) if len(text) <= _SHORT else text}`" if text else ""


def address(identifier: str) -> str:
    """A DOI or the number of a paper in PubMed as a link; other texts, and none, as they are."""
    if identifier.startswith("10."):
        return f"<https://doi.org/{identifier}>"
    if identifier.startswith("PMID "):
        return f"<https://pubmed.ncbi.nlm.nih.gov/{identifier.removeprefix('PMID ')}/>"
    return identifier


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace(NO_BREAK, " ")
