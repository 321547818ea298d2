"""Columns of text for a terminal, cut to fit a line; free of heavy imports, for commands that answer at once."""

import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence

WIDTH = 120
"""Characters of a line."""

_GAP = "  "
_LEAST = 8  # characters a cut column keeps


def listed(rows: Sequence[Mapping[str, str]], uncut: Collection[str]) -> Iterator[str]:
    """Rows under their headings, empty columns left out, the widest cut until a line fits.

    Parameters
    ----------
    rows : heading → text, all with the same headings; at least one.
    uncut : headings of columns that are shown whole, were the line ever so long.
    """
    heads = [head for head in rows[0] if any(row[head] for row in rows)]
    widths = {head: max(len(head), *(len(row[head]) for row in rows)) for head in heads}
    while sum(widths.values()) + len(_GAP) * (len(heads) - 1) > WIDTH:
        widest = max((head for head in heads if head not in uncut), key=lambda head: widths[head], default=None)
        if widest is None or widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    for row in ({head: head for head in heads}, *rows):
        yield _GAP.join(_cut(row[head], widths[head]).ljust(widths[head]) for head in heads).rstrip()


def described(label: str, text: str, width: int) -> str:
    """A label and its text, which goes on under itself on further lines.

    Parameters
    ----------
    label, text : what is described, and how.
    width : characters that the labels of a block take.
    """
    lines = textwrap.wrap(text, WIDTH - width, break_on_hyphens=False) or [""]
    return ("\n" + " " * width).join([label.ljust(width) + lines[0], *lines[1:]])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
