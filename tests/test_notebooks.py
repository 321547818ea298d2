import ast
import os
from pathlib import Path

import jupytext
import nbclient
import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
SHOWING = ("03_scenarios", "04_business_case", "05_your_own_assumptions")  # these show a run as it is


def test_there_are_notebooks_and_each_is_named_where_people_look() -> None:
    names = [path.stem for path in NOTEBOOKS]
    assert names[0] == "01_first_forecast"
    assert [name[:2] for name in names] == [f"{number:02}" for number in range(1, len(names) + 1)]
    for page in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        text = page.read_text(encoding="utf-8")
        assert [name for name in names if f"notebooks/{name}.py" not in text] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_calls_and_defines_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, defined)] == []


@pytest.mark.parametrize(
    "path",  # the first one quickly, all in CI
    [
        pytest.param(path, id=path.stem, marks=[] if place == 0 else pytest.mark.slow)
        for place, path in enumerate(NOTEBOOKS)
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")  # Jupyter's own
def test_every_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error::UserWarning:sim")
    monkeypatch.setenv("IPYTHONDIR", os.fspath(tmp_path / "ipython"))
    notebook = jupytext.read(path)
    assert any(cell.cell_type == "markdown" for cell in notebook.cells)
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for output in outputs)  # the pictures show
    assert not [output for output in outputs if output.get("name") == "stderr"]  # and nothing complains
    tables = [output for output in outputs if "<caption" in output.get("data", {}).get("text/html", "")]
    assert bool(tables) == (path.stem in SHOWING)  # a run shows itself
