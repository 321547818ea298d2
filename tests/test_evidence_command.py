"""`sim evidence`, as typed."""

import subprocess
import sys
from pathlib import Path

import pytest

from sim.__main__ import dispatch
from sim.configuration.places import conf_dir
from sim.errors import InputError
from sim.evidence.ledger import read_ledger
from sim.evidence_command import evidence
from tests.conftest import Typed
from tests.test_ledger import write

Capture = pytest.CaptureFixture[str]


def said(capsys: Capture, *words: str, code: int = 0) -> list[str]:
    assert evidence(words) == code
    return capsys.readouterr().out.splitlines()


def test_the_list_shows_every_row_on_a_line(capsys: Capture) -> None:
    lines = said(capsys)
    assert lines[0].split() == ["id", "measure", "region", "type", "year", "figure", "criterion", "treated", "verified"]
    assert lines[-1] == "248 of 248 rows"
    assert len(lines) == 1 + 248 + 2
    assert max(map(len, lines)) <= 120


def test_the_page_shows_what_is_printed(capsys: Capture) -> None:
    page = (Path(__file__).parents[1] / "docs" / "evidence.md").read_text(encoding="utf-8")
    _, command, rest = page.partition("```text\n$ sim evidence ")
    words, _, shown = rest.partition("```")[0].partition("\n")
    assert command
    assert said(capsys, *words.split()) == shown.splitlines()


def test_the_page_counts_what_the_ledger_holds() -> None:
    page = " ".join((Path(__file__).parents[1] / "docs" / "evidence.md").read_text(encoding="utf-8").split())
    rows = read_ledger(conf_dir() / "evidence" / "ledger.csv").values()

    def noted(words: str) -> int:
        return sum(words in row["note"] for row in rows)

    assert not [part for row in rows for part in row["criterion"].split("; ") if f"`{part}`" not in page and part]
    recalled = sum(row["verified"] == "recalled" for row in rows)
    assert f"The ledger holds {len(rows)} rows; {recalled} of them are `recalled`" in page
    assert f"`published` of {noted('corrected: published') - noted('the one after')} rows of the surveys" in page
    assert f"`published` of {noted('the one after is an assumption')} rows, most of them recalled" in page


def test_filters_narrow_the_list(capsys: Capture) -> None:
    lines = said(capsys, "measure=VOD_inc", "criterion=seattle", "denominator=[allogeneic]", "verified=retrieved")
    assert [line.split()[0] for line in lines[1:-2]] == ["yakushijin2016", "carreras2011_seattle"]
    shown = "yakushijin2016 vod_incidence Japan allogeneic 2013 462/4290 Seattle retrieved"
    assert lines[1].split() == shown.split()
    assert lines[-1] == (
        "2 of 248 rows (measure=VOD_inc, criterion=seattle, denominator=[allogeneic], verified=retrieved)"
    )
    assert said(capsys, "text=premier")[-1] == "3 of 248 rows (text=premier)"
    assert said(capsys, "text=premier", "as_of=2007-11") == ["none of 248 rows published by 2007-11-30 (text=premier)"]
    assert all(int(line.split()[line.split().index("unstated") - 2]) <= 2007
               for line in said(capsys, "id=seed_vod", "as_of=2007")[1:-2])  # fmt: skip


def test_a_row_is_shown_whole_with_what_the_audit_says(capsys: Capture) -> None:
    lines = said(capsys, "show", "carreras1998_allo")
    for line in (
        "criterion        unstated",
        "denominator      transplants[allogeneic]",
        "k/n              0.0887",
        "Wilson 95 %      0.0690–0.1135",
        "Jeffreys 95 %    0.0684–0.1128",
    ):
        assert line in lines
    text = " ".join(" ".join(lines).split())
    assert "note inconsistent: n: 631 + 1010 = 1641, the whole says 1652; 11 are of neither type" in text
    assert "(with carreras1998_all, carreras1998_auto)" in text
    assert max(map(len, lines)) <= 120


def test_the_audit_counts_by_severity_and_its_exit_code_tells_errors(capsys: Capture, tmp_path: Path) -> None:
    lines = said(capsys, "audit", "id=coppell")
    assert lines[0] == "warnings"
    assert lines[-1] == "no errors, 6 warnings, 1 note in 4 rows (id=coppell)"
    doctored = write(tmp_path / "own.csv", {"id": "wrong", "mean": "0.11"}, {"id": "right"})
    lines = said(capsys, "audit", f"file={doctored}", code=1)
    assert lines == [
        "errors",
        "  inconsistent       wrong: 10/100 is 0.1000, not the mean 0.11",
        "",
        "1 error, no warnings, no notes in 2 rows",
    ]
    assert said(capsys, "audit", f"file={doctored}", "id=right")[-1] == (
        "no errors, no warnings, no notes in 1 row (id=right)"
    )


def test_rows_are_pooled(capsys: Capture) -> None:
    names = ("cesaro2005", "cheuk2007", "lee2010_korea")
    lines = said(capsys, "pool", *names)
    assert lines[0].split() == ["study", "figure", "share", "95", "%", "weight", "only", "verified"]
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["cesaro2005", "26/244"], ["cheuk2007", "19/144"], ["lee2010_korea", "72/467"],
    ]  # fmt: skip
    text = "\n".join(lines)
    assert "(Hartung and Knapp)" in text
    assert "3 studies: below 5 it says next to nothing" in text
    lines = said(capsys, "pool", *names, "as_of=2008")
    assert "new population   no interval from 2 studies" in lines
    assert "left out         lee2010_korea: published after 2008-12-31" in lines


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shwo"], "evidence shwo: unknown command; did you mean 'show'?"),
        (["criterium=Seattle"], "evidence criterium=: unknown column; did you mean 'criterion'?"),
        (["show"], "evidence show: write sim evidence show ID …"),
        (["audit", "cao2017_premier"], "evidence audit: write sim evidence audit"),
        (["show", "cao2017"], "'cao2017' is no row of the evidence ledger; did you mean 'cao2017_premier'?"),
        (["show", "cao2017_premier", "as_of=2007"], "'cao2017_premier' was published on 2017-12-31"),
        (["as_of=soon"], "evidence.as_of: 'soon' is no date; write 2007, 2007-11 or 2007-11-30"),
        (["file=gone.csv"], "gone.csv: cannot be read (No such file or directory)"),
        (["pool", "cao2017_premier", "yakushijin2016"], "rest on different criteria: they cannot be pooled"),
        (["pool", "cao2017_premier"], "pooling 1 study: needs at least 2"),
    ],
)
def test_wrong_words_are_refused_in_one_line(words: list[str], message: str) -> None:
    with pytest.raises(InputError) as refused:
        dispatch(["evidence", *words])
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_list_waits_for_no_heavy_library() -> None:
    code = (
        "import sys; from sim.__main__ import dispatch; dispatch(['evidence']); "
        "print([name for name in ('hydra', 'numpy', 'pandas', 'scipy', 'xarray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_command_line_serves_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "evidence", "pool", "cao2017_premier", "sev_premier"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "measure different things" in done.stderr


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_says_what_there_is(typed: Typed, word: str) -> None:
    done = typed("evidence", word)
    assert done.returncode == 0
    for command in ("show", "audit", "pool", "as_of=", "file="):
        assert command in done.stdout
