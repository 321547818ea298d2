"""Self-contained pages: templates filled in, and pictures fit to stand in them."""

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sim.views.trial_facts import chance_text


def page(template: str, **content: Any) -> str:
    """A page as text.

    Parameters
    ----------
    template : its file's name.
    content : what it shows, by name; a name it asks for and is not given is an error.
    """
    environment = Environment(
        loader=PackageLoader("sim.views"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["chance"] = chance_text
    return environment.get_template(template).render(**content)


def inline(svg: str, name: str, label: str) -> Markup:
    """An SVG fit to stand in a page: named for those who cannot see it, its ids its own, its prologue gone.

    Parameters
    ----------
    svg : as `save` writes it.
    name : what its ids begin with, so that several pictures do not share one.
    label : what it shows, in words.
    """
    prefix = re.sub(r"\W", "-", name)
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\sid=")', rf"\g<1>{prefix}-", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", body)
    opening = Markup('<svg role="img" aria-label="{}"').format(label)
    return opening + Markup(body.removeprefix("<svg"))  # our own drawing: Matplotlib has escaped the words in it
