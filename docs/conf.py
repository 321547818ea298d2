"""How the pages of this folder become a site: `python3 run.py site`.

Nothing in a page is fetched from elsewhere when it is opened: the fonts are the reader's own, and formulas are MathML,
which browsers draw themselves.
"""

import html
import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from docutils.utils.math.unichar2tex import uni2tex_table
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_PACKAGE = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))

project = "sim"
release = _PACKAGE["project"]["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4  # by the names that code hosts give, so that a link leads to the same place here and there
default_role = "literal"  # docstrings write code as Markdown does
autodoc_member_order = "bysource"

nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures, whose homes are other projects' sites

html_theme = "furo"
html_title = f"sim {release}"
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False

_SHORT_FRACTION = re.compile(r"(\\[dt]?frac)\s*(\d)\s*(\d)")  # the converter takes 12 in \frac12 for one number
_WIDE = "overflow-x: auto; padding: 0.5em 0"  # a formula too wide for a phone scrolls; the room keeps high ones whole
_SECTION = re.compile(r"^(Parameters|Attributes|Raises|Returns)\n-+\n", re.MULTILINE)
_FIELDS = {"Parameters": "param", "Attributes": "ivar", "Raises": "raises"}


def setup(app: Sphinx) -> None:
    """Add what Sphinx does not bring along: formulas without a script, our docstrings, diagrams as text."""
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_displayed_formula, None))
    app.connect("autodoc-process-docstring", _as_fields)
    app.add_lexer("mermaid", TextLexer)  # code hosts draw it; here it is read


def _inline_formula(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(_mathml(node, displayed=False))
    raise nodes.SkipNode


def _displayed_formula(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A formula on lines of its own."""
    translator.body.append(f'<div style="{_WIDE}">{_mathml(node, displayed=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(node: nodes.math | nodes.math_block, *, displayed: bool) -> str:
    """A formula; as it is typed, with a warning that names its line, where it is not understood."""
    typed = node.astext()
    try:
        whole = _SHORT_FRACTION.sub(r"\1{\2}{\3}", typed.translate(uni2tex_table))
        return str(tex2mathml(whole, as_block=displayed))
    except MathError as fault:
        logging.getLogger(__name__).warning("formula '%s': %s", typed, fault, location=node)
        return html.escape(typed)


def _as_fields(_app: Sphinx, _what: str, _name: str, _thing: Any, _options: Any, lines: list[str]) -> None:
    """Sections of a docstring as Sphinx's fields, in place.

    numpydoc and Napoleon take what stands behind the colon for a type; here it says what the thing is.
    """
    words, *sections = _SECTION.split("\n".join(lines))
    for head, below in zip(sections[::2], sections[1::2], strict=True):
        words += _field(head, below)
    lines[:] = words.splitlines()


def _field(head: str, below: str) -> str:
    """The entries below the head of a section as fields; a list of names becomes one, which Sphinx would take apart."""
    if head == "Returns":
        return f":returns: {textwrap.indent(below, '    ').lstrip()}\n"

    def entry(found: re.Match[str]) -> str:
        return f":{_FIELDS[head]} {found[1].replace(', ', '/')}: "

    return re.sub(r"^(\w.*?) : ", entry, below, flags=re.MULTILINE)
