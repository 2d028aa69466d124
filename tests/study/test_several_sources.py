"""Several source data sets: each with its own loss, or pooled; a list of one is that one, to the byte."""

import json

import numpy as np
import pytest
from tests.methods.ways import same
from tests.study.experiments import made, network, rows
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.core import BadInput
from headstart.data.load import load
from headstart.session.session import Session
from headstart.session.session_data import attach_source

SHORT = hs.Recipe(steps=6, batch=10, lr=0.01)
METHODS = [hs.methods.PretrainFineTune(), hs.methods.SupervisedPretraining(), hs.methods.MultiTask()]
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.about.name)


@pytest.fixture(scope="module")
def target():
    return load(rows())


@pytest.fixture(scope="module")
def elsewhere():
    return load(rows(classes=4, each=15, seed=7), name="elsewhere")


@pytest.fixture(scope="module")
def measured():
    x, _ = rows(seed=8)
    return load((x, x[:, :2].astype(np.float64) * 3), task="regression", name="measured")


def state(model):
    return {name: value.clone() for name, value in model.model.state_dict().items()}


@each_method
def test_a_list_of_one_is_that_one_to_the_bit(method, target, elsewhere):
    one, listed = (
        hs.fit(method, network(), target, SHORT, source=given) for given in (elsewhere, [elsewhere])
    )
    assert same(state(one), state(listed))


@each_method
def test_a_second_source_changes_what_is_learned(method, target, elsewhere):
    x, y = rows(classes=4, each=15, seed=11)
    one, both = (
        hs.fit(method, network(), target, SHORT, source=given) for given in (elsewhere, [elsewhere, (x, y)])
    )
    assert not same(state(one), state(both))


def test_pretraining_learns_all_rows_of_sources_that_go_together(target, elsewhere):
    """Two halves of a source are learned as the whole of it, whose classes one half lacks."""
    halves = [elsewhere.subset(np.arange(30)), elsewhere.subset(np.arange(30, 60))]
    session = Session(made(), target)
    pooled, whole = (attach_source(session, given) for given in (halves, [elsewhere]))
    assert pooled.session.data.classes == whole.session.data.classes
    session.source = pooled
    learned = session.fit(METHODS[0], np.arange(40), SHORT)
    session.source = whole
    assert same(learned.model.state_dict(), session.fit(METHODS[0], np.arange(40), SHORT).model.state_dict())


def test_the_head_goes_along_where_the_sources_together_have_the_labels(target):
    x, y = rows(seed=12)
    halves = [load((x[y < 2], y[y < 2]), name="a"), load((x[y > 0], y[y > 0]), name="b")]
    found = attach_source(Session(made(), target), halves)
    assert found.session.data.classes == target.classes
    head = object()
    assert found.transferable_head(head, target) is head


def test_labels_that_do_not_go_together_are_for_multi_task_alone(target, elsewhere, measured, tmp_path):
    both = [elsewhere, measured]
    hs.fit(hs.methods.MultiTask(weight=(1.0, 0.5)), network(), target, SHORT, source=both)
    for method in METHODS[:2]:
        with pytest.raises(
            BadInput, match=r"one head, and elsewhere has classes .* measured numbers\. Take multi-task"
        ):
            hs.fit(method, network(), target, SHORT, source=both)
    with pytest.raises(BadInput, match="learns all sources with one head"):
        hs.adapt(made(), target, out=tmp_path / "run", source=both, methods=("pretrain-fine-tune",))
    spec = "multi-task:weight=1/1/1"
    with pytest.raises(BadInput, match="weight has 3 numbers, and there are 2 sources"):
        hs.adapt(made(), target, out=tmp_path / "run", source=both, methods=(spec,))
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_adapt_names_each_source_with_its_rows(target, elsewhere, measured, tmp_path):
    done = hs.adapt(
        made(), target, out=tmp_path / "run", source=[elsewhere, measured], epochs=1, folds=2, curve=False
    ).result
    found = [one.text for one in done.check.findings if one.kind == "source"]
    assert [text.partition("too had ")[2] for text in found] == [
        "60 rows of elsewhere with 4 classes.",
        "60 rows of measured with 2 numbers.",
    ]
    names = {one.name for one in done.candidates}
    assert "multi-task" in names
    assert "pretrain-fine-tune" not in names
    assert any("pretrain-fine-tune learns all sources with one head and is left out" in n for n in done.notes)
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "60 rows of elsewhere" in page
    assert "60 rows of measured" in page


def written(folder, name, each, seed):
    x, y = rows(each=each, seed=seed)
    lines = [",".join(f"c{k}" for k in range(6)) + ",label"]
    lines += [",".join(map(str, row)) + f",{'abc'[label]}" for row, label in zip(x, y, strict=True)]
    (folder / f"{name}.csv").write_text("\n".join(lines))
    return str(folder / f"{name}.csv")


@pytest.mark.slow
def test_on_the_command_line_the_option_is_repeated(tmp_path):
    files = [written(tmp_path, name, 12, seed) for seed, name in enumerate(("one", "two", "three"))]
    one, two, three = files
    out = tmp_path / "aligned"
    words = [
        "align",
        "--source",
        one,
        "--source",
        two,
        "--target",
        three,
        "--method",
        "coral",
        "--seeds",
        "1",
    ]
    done = CliRunner().invoke(app, [*words, "--epochs", "1", "--out", str(out)])
    assert done.exit_code == 0, done.output
    record = json.loads((out / "align.json").read_text())
    assert record["source"] == "one + two"
    assert set(record["domains"]) == {"one", "two"}
    assert sum(record["domains"].values()) == record["source_rows"]
    assert any(note.startswith("The source is pooled from one (") for note in record["notes"])
    assert "The source is pooled from one (" in (out / "align.html").read_text("utf-8")
    words = ["adapt", three, "--source", one, "--source", two, "--method", "multi-task", "--epochs", "1"]
    run = tmp_path / "run"
    done = CliRunner().invoke(app, [*words, "--folds", "2", "--no-curve", "--out", str(run)])
    assert done.exit_code == 0, done.output
    assert "36 rows of two with 3 classes" in (run / "result.json").read_text()


@pytest.mark.slow
def test_align_of_a_list_of_one_is_that_of_the_one(target, tmp_path):
    x, y = rows(seed=5, each=12)
    how = {"methods": ("coral",), "seeds": 1, "epochs": 1, "progress": None}
    one, listed = (hs.align(given, (x, y), made(), **how).result for given in (target, [target]))
    assert one == listed
    assert one.domains == {"arrays": one.source_rows}


def test_a_saved_model_among_sources_is_refused(target, elsewhere, tmp_path):
    hs.fit("logistic-probe", network(), target).save(tmp_path / "model")
    with pytest.raises(BadInput, match="is a saved model, which takes the place of all of them"):
        hs.align([elsewhere, tmp_path / "model"], rows(seed=5)[0], made())
