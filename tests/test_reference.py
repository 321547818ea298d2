import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim
from sim import reference
from sim.assumptions.table import assumptions_table
from sim.configuration.places import conf_dir
from sim.variables import VARIABLES, Variable
from sim.views.catalogue import Entry, catalogue
from sim.views.markdown import address, code, item, link, table, wrapped
from tests.conftest import ROOT

pytestmark = pytest.mark.once

PAGE = ROOT / "docs" / "assumptions.md"
OPTIONS = [
    (group, path.stem) for group in (*reference.GROUPS, "scenario") for path in (conf_dir() / group).glob("*.yaml")
]


@pytest.fixture(scope="module")
def made() -> str:
    return reference.assumptions_page()


def section(page: str, name: str) -> str:
    """What stands beneath the heading of an option."""
    _, _, below = page.partition(f"### `{name}`\n")
    return re.split(r"^##", below, maxsplit=1, flags=re.MULTILINE)[0]


def test_the_page_is_what_conf_says(made: str) -> None:
    committed = PAGE.read_text(encoding="utf-8")
    assert committed == made, "docs/assumptions.md is stale: write it anew with python3 run.py docs"


def test_the_page_of_variables_is_what_their_table_says() -> None:
    committed = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
    assert committed == reference.variables_page(), "docs/variables.md is stale: write it anew with python3 run.py docs"


def variable_rows(page: str) -> dict[str, list[str]]:
    """Name → the cells of its row, in the page's order."""
    rows = re.findall(r"^\| `(\w+)` +\|(.*)\|$", page, flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


def test_every_variable_has_one_row_in_the_order_of_their_table() -> None:
    made = reference.variables_page()
    rows = variable_rows(made)
    assert list(rows) == list(VARIABLES)
    assert made.count("\n| `") == len(VARIABLES)
    for name, cells in rows.items():
        assert cells[:2] == [VARIABLES[name].long_name, VARIABLES[name].unit]
    assert "Further" not in made  # every variable belongs to a group with a heading
    assert max(map(len, made.splitlines())) <= 160


def test_a_row_says_of_what_a_variable_is_a_share_and_what_there_is_of_it() -> None:
    rows = variable_rows(reference.variables_page())
    assert rows["transplants"][2:] == ["stratum, year", ""]
    assert rows["vod"][2:] == ["stratum, year", "`transplants`, by `vod.incidence`"]
    assert rows["survivors_day100"][3] == "`severe_vod`, less `deaths_day100`"
    assert rows["meets_trial_criteria"][3] == "`severe_vod`"
    assert rows["readout_date"][2:] == ["draw", ""]
    assert {name for name, cells in rows.items() if cells[-1] == "mean only"} == {
        name for name, variable in VARIABLES.items() if variable.only_mean
    }


def test_a_variable_of_no_known_group_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIABLES, "beds", Variable("beds", "Beds", "beds per year"))
    further = reference.variables_page().partition("## Further\n")[2]
    assert variable_rows(further) == {"beds": ["Beds", "beds per year", "stratum, year"]}


def test_the_page_on_python_has_every_public_name() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\.\. auto\w+:: sim\.(\w+)$", page, flags=re.MULTILINE)) == set(sim.__all__)


@pytest.mark.parametrize(("group", "name"), OPTIONS, ids=[f"{group}={name}" for group, name in OPTIONS])
def test_every_option_and_scenario_has_its_section(made: str, group: str, name: str) -> None:
    assert made.count(f"### `{group}={name}`\n") == 1
    assert section(made, f"{group}={name}").strip()


def test_an_option_lists_every_quantity_with_value_unit_and_source(made: str) -> None:
    shown = section(made, "vod=premier_2017")
    rows = assumptions_table(sim.load("premier_2017")).to_dict("records")
    for row in (row for row in rows if str(row["quantity"]).startswith("vod.")):
        (line,) = [line for line in shown.splitlines() if line.startswith(f"| `{row['quantity']}`")]
        assert f"`{row['value']}`" in line
        assert f"| {row['unit']} " in line
        assert line.rstrip(" |").endswith(str(row["verified"]))
        assert f"source: `{row['source']}`, " in shown
    words = " ".join(shown.split())
    assert "share of `severe_vod`; criterion: multi-organ failure; treated: none" in words
    assert "**borrowed** from the untreated historical controls of the phase 3 trial" in words
    assert "Blood 2016;127:1656-65 <https://doi.org/10.1182/blood-2015-10-676924>" in words


def test_an_option_says_what_it_goes_with_and_what_else_it_sets(made: str) -> None:
    assert "It goes with `transplants=by_type`" in section(made, "vod=ebmt_1998_by_type")
    assert "It goes with `transplants=by_type`" in section(made, "vod=seattle")
    assert "It goes with" not in section(made, "vod=premier_2017")
    assert "`transplants.reference_year=2002`" in section(made, "transplants=press_release")
    assert "`transplants.strata.region=[europe, us]`" in section(made, "transplants=europe_us")


def test_a_scenario_lists_what_differs_from_its_options(made: str) -> None:
    optimistic = section(made, "scenario=optimistic")
    assert "Evidence as of: 2010-12." in optimistic
    assert "Settings: `transplants.reference_year=2006`." in optimistic
    assert "| `vod.incidence` " in optimistic
    assert "It sets no quantity itself." in section(made, "scenario=press_release")
    dated = section(made, "scenario=europe_us_2008")  # its options, with the evidence of its date
    assert "ebmt_2011_allo" in dated.partition("further rows:")[2].partition("\n- ")[0]
    assert "ebmt_2017_allo" not in dated.partition("further rows:")[2].partition("\n- ")[0]


def test_every_row_named_as_a_source_stands_among_the_evidence(made: str) -> None:
    text = (conf_dir() / "evidence" / "ledger.csv").read_text(encoding="utf-8")
    ledger = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
    options, _, evidence = made.partition("## The evidence")
    cited = set(re.findall(r"(?:source|range): `(\w+)`", options))
    assert len(cited) > 20
    for name in cited:
        (line,) = [line for line in evidence.splitlines() if line.startswith(f"| `{name}` ")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        row = ledger[name]
        assert cells[1:3] == [row["k"] or "–", row["n"] or "–"]
        assert cells[6] == row["verified"]
        assert row["doi_or_pmid"].removeprefix("PMID ") in evidence.partition(f"\n{cells[7]}. ")[2]


def test_links_lead_to_headings_of_the_page(made: str) -> None:
    headings = re.findall(r"^#+ (.*)$", made, flags=re.MULTILINE)
    targets = {link(heading).rpartition("(#")[2].rstrip(")") for heading in headings}
    named = re.findall(r"\]\(#([^)]+)\)", made)
    assert len(named) >= len(OPTIONS)
    assert set(named) <= targets


def test_the_page_fits_a_terminal_and_names_no_machine(made: str) -> None:
    assert max(map(len, made.splitlines())) <= 160
    assert "nan" not in re.findall(r"\w+", made)
    assert str(ROOT) not in made
    assert made.endswith("\n")
    assert not made.endswith("\n\n")


def test_counts_are_those_of_the_rows() -> None:
    row = {
        "quantity": "vod.incidence", "value": "0.2", "unit": "share", "mean": 0.2, "p05": 0.2, "p95": 0.2, "of": "",
        "criterion": "", "treated": "", "source": "a", "spread": "", "borrowed": "", "rows": "a",
        "verified": "recalled", "flags": "from memory, unverified: a",
    }  # fmt: skip
    paper = {
        "measure": "vod_incidence", "k": "1", "n": "5", "mean": "", "ci_low": "", "published": "2001", "criterion": "",
        "verified": "recalled", "citation": "Somebody 2001", "doi_or_pmid": "",
    }  # fmt: skip
    guess = {**row, "source": "assumption: a guess", "rows": "", "verified": "assumption", "flags": ""}
    text = catalogue({"Group": [Entry("vod=x", ["Words."], [], [row, guess, guess])]}, [{"id": "a", **paper}])
    counts = dict(re.findall(r"^\| (.*?) +\| +(\w+) \|$", text, flags=re.MULTILINE))
    found = [counts[name] for name in counts if "counted in each" in name or "(`" in name]
    assert found == ["3", "none", "1", "2"]
    assert "Rows from memory, unverified: `a`." in text
    assert "**mind**: from memory, unverified: a" in text
    assert re.search(r"^\| `a` +\| +1 \| +5 \| +0\.2 \| 2001 ", text, flags=re.MULTILINE)


def test_the_pages_are_written_in_the_same_bytes_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference, "pages", lambda: {"one.md": "één 20 %\n", "two.md": "zwei\n"})
    reference.main([str(tmp_path)])
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "one.md": "één 20 %\n".encode(),
        "two.md": b"zwei\n",
    }
    reference.main([])
    assert capsys.readouterr().out == "één 20 %\nzwei\n"


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_a_table_is_aligned_whatever_is_in_it(rows: list[tuple[str, str]]) -> None:
    lines = table(("name", "number"), rows, ("number",)).splitlines()
    assert len(lines) == len(rows) + 2
    assert len(set(map(len, lines))) == 1
    assert lines[1].endswith("-: |")
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}


def test_words_are_wrapped_where_a_line_may_end() -> None:
    text = wrapped("x " * 53 + "20 % " + code("a [b, c]") + " end")
    assert [line for line in text.splitlines() if line.startswith("%") or line.endswith("20")] == []
    assert "`a [b, c]`" in text.replace("\n", "|")
    assert item("one " * 40, 1).splitlines()[1].startswith("    one")


def test_an_address_is_a_link_where_there_is_one() -> None:
    assert address("10.1/x") == "<https://doi.org/10.1/x>"
    assert address("PMID 12") == "<https://pubmed.ncbi.nlm.nih.gov/12/>"
    assert address("") == ""
