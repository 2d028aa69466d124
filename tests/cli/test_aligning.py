"""`headstart align`: the table, the model, the page, resuming, and what it refuses."""

import json

import numpy as np
import pytest
from tests.cli.telling import refused

from headstart.studies.align import Alignment


def rows(file, seed, move=0.0, label=True, many=60):
    rng = np.random.default_rng(seed)
    head = "size,weight,site" + ",label" * label
    lines = []
    for number in range(many):
        kind = number % 2
        cells = f"{rng.normal(3 * kind, 1):.4f},{rng.normal(move, 1):.4f},{rng.choice(['a', 'b'])}"
        lines.append(cells + (f",{'xy'[kind]}" if label else ""))
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


QUICK = ("--seeds", 1, "--epochs", 2, "--evaluations", 2, "--method", "coral", "--method", "deep-coral")


@pytest.fixture
def tables(tmp_path):
    return rows(tmp_path / "a.csv", 0), rows(tmp_path / "b.csv", 1, 2.0)


def test_a_table_a_model_and_a_page(headstart, tables, tmp_path):
    source, target = tables
    out = tmp_path / "out"
    said = headstart("align", "--source", source, "--target", target, *QUICK, "--out", out)
    assert said.code == 0, said.err
    record = Alignment.read(out / "align.json")
    assert record.command.startswith("headstart align")
    assert [row.method for row in record.table][:1] == ["source-only"]
    assert "selected" in said.out
    assert "oracle" in said.out
    assert record.headline in said.out.replace("\n", " ")
    page = (out / "align.html").read_text("utf-8")
    assert record.shift.headline in page.replace("&#39;", "'")
    new = rows(tmp_path / "new.csv", 3, 2.0, label=False, many=4)
    predicted = headstart("predict", out, new)
    assert predicted.code == 0, predicted.err
    again = headstart("align", "--source", source, "--target", target, *QUICK, "--out", out)
    refused(again, 8, "is not empty. --resume goes on with it")
    resumed = headstart("align", "--source", source, "--target", target, "--out", out, "--resume")
    assert resumed.code == 0, resumed.err
    assert Alignment.read(out / "align.json") == record


def test_without_labels_of_the_target(headstart, tables, tmp_path):
    source, _ = tables
    target = rows(tmp_path / "c.csv", 1, 2.0, label=False)
    said = headstart(
        "align", "--source", source, "--target", target, *QUICK, "--out", tmp_path / "o", "--json"
    )
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["test_rows"] == 0
    assert found["table"][0]["selected"] is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--method", "l2-sp"), "does not learn from it"),
        (("--method", "dan:weigth=2"), "weight"),
        (("--select", "luck"), "luck"),
        (("--validation", "1.5"), "validation is 1.5"),
        (("--target-labels", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_mistakes(headstart, tables, tmp_path, options, says):
    source, target = tables
    out = tmp_path / "out"
    refused(headstart("align", "--source", source, "--target", target, *options, "--out", out), 2, says)
    assert not (out / "align.json").exists()


def test_other_classes_and_columns_are_named(headstart, tables, tmp_path):
    source, target = tables
    other = tmp_path / "other.csv"
    other.write_text(target.read_text().replace(",x\n", ",z\n"))
    refused(
        headstart("align", "--source", source, "--target", other, *QUICK, "--out", tmp_path / "o"), 3, "'z'"
    )
    other.write_text(target.read_text().replace("weight,", "height,"))
    refused(
        headstart("align", "--source", source, "--target", other, *QUICK, "--out", tmp_path / "o"),
        3,
        "weight",
    )


@pytest.mark.slow
def test_a_run_without_its_source(headstart, pictures, weights, tmp_path):
    from tests.study import tiny

    small = ["--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32]
    run = tmp_path / "run"
    adapted = headstart(
        "adapt", pictures, *small, "--out", run, "--method", "knn", "--folds", 2, "--no-curve"
    )
    assert adapted.code == 0, adapted.err
    out = tmp_path / "out"
    said = headstart(
        "align",
        "--source",
        run,
        "--target",
        pictures,
        "--seeds",
        1,
        "--epochs",
        1,
        "--evaluations",
        1,
        "--out",
        out,
    )
    record = Alignment.read(out / "align.json")
    assert said.code == 0, said.err
    assert [row.method.partition(":")[0] for row in record.table] == ["source-only", "shot"]
