"""What a model can be evaluated on: any form of rows, by the model's own reader."""

import numpy as np
import pandas as pd
import pytest
from tests.study.evaluated import NAMES, frame, of_world, run_of_frame, world

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.studies.adapt import Result


@pytest.fixture(scope="module")
def predictor():
    return of_world()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of_frame(tmp_path_factory.mktemp("tables") / "run").folder


# --- any input, and what can't be used


def test_a_file_and_a_frame_give_the_same(run, tmp_path):
    new = frame(60, 2)
    new["hospital"] = np.repeat(np.arange(12), 5)
    new.to_csv(tmp_path / "new.csv", index=False)
    columns = {"group_column": "hospital"}
    found = hs.evaluate(run, tmp_path / "new.csv", columns=columns)
    assert found.groups == 12
    assert hs.evaluate(run, new, columns=columns).scores == found.scores


def test_a_column_spelled_otherwise_is_read_by_the_models_schema(tmp_path):
    rng = np.random.default_rng(0)
    code = rng.integers(1, 4, 120)
    data = pd.DataFrame({"code": code, "label": np.where(code == 2, "yes", "no")})
    model = hs.fit("logistic-probe", "table", hs.data.load(data, categorical=["code"]))
    spelled = data.assign(code=data.code.astype(float))
    assert hs.evaluate(model, spelled)["accuracy"].value == 1


def test_the_model_s_columns_are_not_taken_anew(run):
    """In a few new rows the names of a category may all differ, as texts do."""
    new = frame(12, 3)
    new["town"] = [f"a town whose long name has many words and is number {n}" for n in range(12)]
    assert hs.data.load(new).findings[0].kind == "text-column"
    notes = hs.evaluate(run, new, allow_unseen=True).notes
    assert not any("holds texts" in note for note in notes), notes


def test_unseen_names_are_noted_and_all_of_them_refused(run):
    some, every = frame(60, 3), frame(60, 3)
    some.loc[:9, "town"] = "elsewhere"
    every["town"] = "elsewhere"
    assert any("10 of 60 rows" in note for note in hs.evaluate(run, some).notes)
    with pytest.raises(BadData, match="a name in 'town' that no training row had"):
        hs.evaluate(run, every)
    assert hs.evaluate(run, every, allow_unseen=True).rows == 60


@pytest.mark.slow
def test_pictures_that_cannot_be_read_are_noted(base, tmp_path):
    data = hs.data.load("digits", per_class=4)
    model = hs.fit("ridge-probe", base, data)
    for row in range(20):
        place = tmp_path / "new" / data.said(row)
        place.mkdir(parents=True, exist_ok=True)
        data.picture(row).save(place / f"{row}.png")
    (tmp_path / "new" / data.said(0) / "broken.png").write_bytes(b"nothing")
    found = hs.evaluate(model, tmp_path / "new", out=tmp_path / "out")
    assert found.rows == 20
    assert any("1 of 21 pictures can't be read" in note for note in found.notes)
    assert all((tmp_path / "out" / each.picture).is_file() for each in found.mistakes)


def test_other_rows_and_labels_are_refused(predictor, run):
    with pytest.raises(BadData, match=r"The model takes .*, and table holds tables"):
        hs.evaluate(predictor, frame(20, 0).replace({"ill": "corn", "well": "oat"}))
    with pytest.raises(BadInput, match="No model in"):
        hs.evaluate("nowhere", (np.zeros((4, 2)), [0, 1, 0, 1]))
    x, y = world(30, 1)
    with pytest.raises(BadData, match=r"takes"):
        hs.evaluate(predictor, (x[:, :3], y))


def test_a_few_equal_rows_are_enough(run):
    one = frame(1, 7)
    assert hs.evaluate(run, one).rows == 1
    assert hs.evaluate(run, pd.concat([one] * 3)).groups == 1
    with pytest.raises(Unknown, match="No column option is called 'group_colum'"):
        hs.evaluate(run, one, columns={"group_colum": "town"})


def test_a_result_of_a_study_is_a_model(run):
    class Result:
        folder = run

    assert hs.evaluate(Result(), frame(40, 1)).scores == hs.evaluate(run, frame(40, 1)).scores
    with pytest.raises(BadInput, match="run is dict; it must be a run folder, or a predictor"):
        hs.evaluate({}, frame(40, 1))


def test_of_a_split_the_test_part_is_evaluated(run, tmp_path):
    new = frame(60, 5)
    new["part"] = ["train", "test", "test"] * 20
    found = hs.evaluate(run, new, columns={"split_column": "part"})
    alone = hs.evaluate(run, new[new.part == "test"].drop(columns="part"))
    assert found.scores == alone.scores
    assert "Only the 40 rows of the test part are evaluated; 60 are there." in found.notes


def test_of_the_run_s_own_data_its_test_part_is_evaluated(run):
    """The rows that the model learned from would flatter it: the figures are those of the run's report."""
    found = hs.evaluate(run, frame(150, 0))
    report = Result.read(run / "result.json").tested[0].scores
    assert (found.rows, found.scores.figures["log_loss"].value) == (
        report.rows,
        pytest.approx(report.figures["log_loss"].value),
    )
    assert "Only the 30 rows of the test part are evaluated; 150 are there." in found.notes
    assert hs.evaluate(run, frame(150, 0)[1:]).rows == 149


def test_abstaining_by_hand(predictor):
    x, y = world(60, 1)
    answers = predictor.probabilities(x)
    sure = answers.max(1) >= 0.6
    right = answers.argmax(1) == np.array([NAMES.index(name) for name in y])
    found = hs.evaluate(predictor, (x, y), abstain=0.6).abstained
    assert 0 < sure.sum() < 60
    assert found.unsure.value == pytest.approx(1 - sure.mean())
    assert found.accuracy.value == pytest.approx(right[sure].mean())
    assert hs.evaluate(predictor, (x, y)).abstained is None
    assert hs.evaluate(predictor, (x, y), abstain=0.999999).abstained.accuracy is None
