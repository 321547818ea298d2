"""Every link of the pages to a file, a heading or a picture leads there; nothing is fetched."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.once

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *DOCS]

FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"\[[^\[\]]*\]\(([^()\s]+)\)")
OTHER_KINDS = re.compile(r"^\[[^\]]+\]:|\]\[|\]\(<|<(?:a|img)\s", re.MULTILINE)  # these would go unseen


def plain(text: str) -> str:
    """A page without what is typed."""
    return CODE.sub("", FENCE.sub("", text))


def links(page: Path) -> list[str]:
    return [target for target in LINK.findall(plain(page.read_text(encoding="utf-8"))) if ":" not in target]


def anchors(page: Path) -> set[str]:
    """The names that code hosts, and the site, give to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), flags=re.MULTILINE)
    names = Counter(re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings)
    return {f"{name}-{number}" if number else name for name, times in names.items() for number in range(times)}


def dead(page: Path, root: Path) -> list[str]:
    """The links of a page that lead nowhere, or out of the project."""
    found = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        lost = not file.exists() or not file.is_relative_to(root)
        if lost or (anchor and (file.suffix != ".md" or anchor not in anchors(file))):
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead(page, ROOT) == []
    assert OTHER_KINDS.findall(plain(page.read_text(encoding="utf-8"))) == []


def test_the_pages_have_links_to_judge() -> None:
    found = [target for page in PAGES for target in links(page)]
    assert len(found) > 60
    assert any("#" in target and not target.startswith("#") for target in found)
    assert any(target.endswith(".png") for target in found)


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# A `b=c`, d\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n")
    page = tmp_path / "page.md"
    alive = "[a](there.md) [b](there.md#a-bc-d) [`c`](there.md#twice-1) ![d](p.png) [e](#own) [f](https://x.org/y)"
    (tmp_path / "p.png").touch()
    page.write_text(f"# Own\n{alive} `[typed](nowhere.md)`\n\n```\n[typed](nowhere.md)\n```\n")
    assert dead(page, tmp_path) == []
    lost = [
        "gone.md",
        "there.md#gone",
        "there.md#twice-2",
        "there.md#no-heading",
        "#gone",
        "gone.png",
        "p.png#own",
        "..",
    ]
    page.write_text("# Own\n" + " ".join(f"[x]({target})" for target in lost))
    assert dead(page, tmp_path) == lost


def test_every_page_stands_on_the_landing_page_and_in_the_menu() -> None:
    landing = ROOT / "docs" / "index.md"
    pages = {page.name for page in DOCS} - {"index.md"}
    menus = re.findall(r"^```\{toctree\}\n(.*?)^```$", landing.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    in_menu = [f"{line}.md" for menu in menus for line in menu.splitlines() if line and not line.startswith(":")]
    assert sorted(in_menu) == sorted(pages)
    assert {target for target in links(landing) if target.endswith(".md")} == pages
