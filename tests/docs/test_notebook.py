"""The first walk as a notebook: it runs from top to bottom and shows headlines, tables and links."""

import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from tests.docs.pages import ROOT

WALK = ROOT / "docs" / "tutorials" / "walk.ipynb"
BUDGET = re.compile(r"budget=\d+")
SAMPLES = {"photos": "pictures", "opinions": "texts", "plants": "rows"}  # of each run, what it counts

pytestmark = [
    pytest.mark.slow,
    pytest.mark.many,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # of what runs notebooks
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The notebook with its outputs, run with budgets of a few seconds, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(WALK, as_version=4)
    for cell in notebook.cells:
        cell.source = BUDGET.sub("budget=3", cell.source)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook, folder


def outputs(notebook, kind):
    """Pairs of a cell's source and an output of it."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(cell.source, out) for cell in cells for out in cell.outputs if out.output_type == kind]


def test_each_adaptation_shows_its_headline_and_a_page_that_is_there(shown):
    notebook, folder = shown
    found = [
        out.data["text/html"] for source, out in outputs(notebook, "execute_result") if "hs.adapt(" in source
    ]
    assert len(found) == 3
    for html, (name, sample) in zip(found, SAMPLES.items(), strict=True):
        assert re.match(rf"<div><p><strong>\d+ % of \d+ unseen {sample} of \w+ classified correctly", html)
        assert f'href="runs/{name}/report.html"' in html
        assert (folder / "runs" / name / "report.html").is_file()


def test_no_bar_and_no_error_stay_below_a_cell(shown):
    notebook, _ = shown
    bars = outputs(notebook, "display_data")
    assert len(bars) == 3
    assert all("hs.adapt(" in source and out.data["text/html"] == "" for source, out in bars)
    assert not outputs(notebook, "error")
    assert not [out.text for _, out in outputs(notebook, "stream") if out.name == "stderr"]


def test_it_becomes_a_page(shown):
    notebook, _ = shown
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert all(f" unseen {sample} of " in html for sample in SAMPLES.values())


def test_it_is_kept_without_outputs():
    notebook = nbformat.read(WALK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
