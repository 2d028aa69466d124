"""Claims as notebooks: valid, never written over a file, and three of them run whole."""

import ast

import nbformat
import pytest
from nbclient import NotebookClient

from headstart.claims import find_claim, walk_claims, write_notebook
from headstart.core import CannotWrite

RUN = ("start-regularises", "covariate-shift-weights", "surgical-layers")
LONGEST = 300  # seconds of a cell, on a busy machine


@pytest.mark.parametrize("claim", walk_claims(), ids=lambda claim: claim.name)
def test_a_notebook_holds_all_of_a_claim(claim, tmp_path):
    write_notebook(claim, tmp_path / "claim.ipynb")
    notebook = nbformat.read(tmp_path / "claim.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    defined = {node.name for cell in code for node in ast.parse(cell).body if hasattr(node, "name")}
    assert {claim.measure.__name__, claim.draw.__name__} <= defined
    for text in (claim.title, claim.statement, claim.rule(claim.seeds), claim.null, claim.holds, claim.fails):
        assert text in words


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_notebook_runs(name, tmp_path):
    write_notebook(find_claim(name), tmp_path / "claim.ipynb")
    notebook = nbformat.read(tmp_path / "claim.ipynb", as_version=4)
    NotebookClient(notebook, timeout=LONGEST, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("holds" in output.get("text", "") for output in said)
    assert any("image/svg+xml" in output.get("data", {}).get("text/html", "") for output in said)


def test_a_file_is_not_replaced(tmp_path):
    path = tmp_path / "claim.ipynb"
    path.write_text("mine", "utf-8")
    with pytest.raises(CannotWrite, match="is there already"):
        write_notebook(find_claim("1"), path)
    assert path.read_text("utf-8") == "mine"
    with pytest.raises(CannotWrite, match="no folder"):
        write_notebook(find_claim("1"), tmp_path / "absent" / "claim.ipynb")
