"""Generated data: the study, what it writes, and a run that learns from it."""

import csv
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.records.record import Interval
from headstart.run.progress import Progress
from headstart.studies.adapt import run as adapting
from headstart.studies.generate import REAL, SAMPLES, Generation, timing
from headstart.studies.generate.checks import ARMS, arms_of, verdict
from headstart.studies.generate.page import sentences, view

SMALL = {"steps": 20, "check_steps": 5, "seeds": 2, "rows": 6, "generator": "flow:width=8,steps=2"}


def people(n=80):
    """A table of two classes, with a gap."""
    draw, y = np.random.default_rng(0), np.arange(n) % 2
    rows = {"age": (40 + 20 * y + draw.integers(-5, 6, n)).astype(float), "ward": draw.choice(["a", "b"], n)}
    rows["age"][5] = np.nan
    return hs.data.load((rows, np.where(y, "ill", "well")))


@pytest.fixture(scope="module")
def drawn(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("generated") / "gen"
    return hs.generate(pictures, out=out, size=16, **SMALL)


@pytest.fixture(scope="module")
def tabled(tmp_path_factory):
    out = tmp_path_factory.mktemp("generated") / "table"
    return hs.generate(people(), out=out, **SMALL | {"steps": 100})


def test_samples_are_loaded_as_any_data(drawn):
    found = hs.data.load(drawn.samples)
    assert found.classes == tiny.CLASSES
    assert np.bincount(found.labels).tolist() == [6, 6, 6]
    assert found.picture(0).size == (16, 16)
    assert drawn.result.samples == "samples"
    assert (drawn.folder / "generate.html").is_file()


def test_samples_that_left_the_range_of_the_data_are_counted_in_a_note(drawn, tabled):
    record = drawn.result
    said = f"{record.clipped} of 18 samples left the range of the training rows"
    assert 0 < record.clipped <= 18
    assert [note.startswith(said) for note in record.notes].count(True) == 1
    assert (tabled.result.clipped, "left the range" in " ".join(tabled.result.notes)) == (0, False)


def test_the_generator_learns_from_the_training_part_alone(drawn, pictures):
    record = drawn.result
    assert record.train_rows + record.test_rows == 36
    assert len(drawn.generator.learned) == record.train_rows
    assert set(drawn.generator.learned) < set(hs.data.load(pictures).digests)


def test_the_record_holds_what_was_measured(drawn):
    record = drawn.result
    assert [arm.name for arm in record.arms] == list(ARMS)
    assert [len(arm.scores) for arm in record.arms] == [2] * 5
    assert record.arm(record.reference).gain is None
    assert len(record.losses) == 20
    assert record.checks.auc.low <= record.checks.auc.value <= record.checks.auc.high
    assert [one.rows for one in record.checks.per_class] == [6, 6, 6]
    assert "resized to 16 x 16 pixels" in " ".join(record.notes)
    assert str(drawn).startswith("Flow matching on")


def test_resumed_it_is_the_same(tmp_path):
    out = tmp_path / "gen"
    first = hs.generate(people(), out=out, **SMALL).result
    for file in (out / "generate.json", out / "generate.html", *(out / "steps").glob("try-nets*")):
        file.unlink()
    assert hs.generate(people(), out=out, resume=True, **SMALL).result == first


def test_more_can_be_drawn_from_the_folder(drawn):
    more = hs.open_generator(drawn.folder).draw(8, seed=0)
    assert len(more) == 24
    first = [row for label in range(3) for row in np.flatnonzero(more.labels == label)[:6]]
    written = hs.data.load(drawn.samples)
    for row, at in enumerate(first):
        near = np.asarray(written.picture(row), int) - np.asarray(more.picture(int(at)), int)
        assert np.abs(near).max() <= 1


def test_a_class_with_one_picture_is_named(tmp_path):
    root = tiny.folders(tmp_path / "few", 4, ("disc", "square"))
    (root / "alone").mkdir()
    tiny.shape("stripe", 1).save(root / "alone" / "0.png")
    with pytest.raises(BadData, match="'alone' has fewer than 2 rows to learn from"):
        hs.generate(root, out=tmp_path / "out", **SMALL)
    assert not (tmp_path / "out").exists()


def test_texts_are_refused(tmp_path):
    texts = hs.data.load((["good film", "bad film", "fine", "dull"] * 5, ["x", "y"] * 10))
    with pytest.raises(BadInput, match="which no generative model here draws"):
        hs.generate(texts, out=tmp_path / "out", **SMALL)


def test_gains_are_over_the_better_of_both_without_samples():
    worse = {"real": 0.8, "augmentation": 0.6, "samples": 0.9, "both": 0.7, "samples-only": 0.5}
    arms, reference = arms_of([worse, {name: value + 0.01 for name, value in worse.items()}])
    assert reference == REAL
    gain = {arm.name: arm.gain for arm in arms}[SAMPLES]
    assert gain.value == pytest.approx(0.1)
    assert verdict(arms) == "yes"
    level = [replace(arm, gain=arm.gain and Interval(0.1, -0.1, 0.3)) for arm in arms]
    assert verdict(level) == "unclear"
    assert verdict([replace(arm, gain=arm.gain and Interval(-0.1, -0.2, 0.3)) for arm in arms]) == "no"
    assert verdict(arms_of([worse])[0]) == "unclear"


def test_final_models_of_adapt_learn_from_samples_and_are_tested_without(tabled, tmp_path, monkeypatch):
    seen = []
    real = adapting.evaluate_on_test

    def spy(validation, selected, rivals, test, *more):
        seen.append((validation, rivals, test))
        return real(validation, selected, rivals, test, *more)

    monkeypatch.setattr(adapting, "evaluate_on_test", spy)
    how = {"methods": ["ridge-probe"], **tiny.QUICK, "quality": "fast", "epochs": None}
    run = hs.adapt(people(), augment_with=tabled.folder, out=tmp_path / "run", **how).result
    validation, rivals, test = seen[0]
    assert (run.train_rows, run.test_rows, run.generated_rows) == (64, 16, 12)
    assert run.generated_weight == 1
    assert len(validation.folds) == len(validation.session.data) == 64
    assert len(test) == 16
    assert [one.name for one in run.tested][:2] == ["selected", "real-rows"]
    assert any("learned from 12 rows of samples, generated" in note for note in run.notes)
    plain = hs.adapt(people(), out=tmp_path / "plain", **how).result
    assert run.candidates[0].scores == plain.candidates[0].scores  # compared on real rows alone
    assert run.tested[1].scores == plain.tested[0].scores
    assert set(rivals) == {"real-rows"}


def test_the_weight_of_samples_is_one_of_the_fit(tabled, tmp_path):
    """Next to no weight gives nearly the model without them, and a large one another."""
    how = {"methods": ["nearest-centroid"], **tiny.QUICK, "quality": "fast", "epochs": None}
    apart = []
    for weight in (1e-9, 1e3):
        out = tmp_path / f"weight {weight}"
        run = hs.adapt(people(), augment_with=tabled.folder, augment_weight=weight, out=out, **how).result
        losses = [tested.scores["log_loss"].value for tested in run.tested[:2]]
        apart.append(abs(losses[0] - losses[1]))
    assert apart[0] < 0.003
    assert apart[1] > 0.01


def test_a_generator_that_has_seen_the_test_part_is_refused(tabled, tmp_path):
    how = {"methods": ["ridge-probe"], **tiny.QUICK, "quality": "fast", "epochs": None}
    with pytest.raises(BadInput, match=r"has learned from \d+ of the 16 rows that are held out here"):
        hs.adapt(people(), augment_with=tabled.folder, seed=5, out=tmp_path / "run", **how)
    with pytest.raises(BadInput, match=r"has learned from \d+ of the 16 rows"):
        hs.adapt(people(), augment_with=tabled.samples, seed=5, out=tmp_path / "other", **how)


def test_a_run_that_has_not_ended_is_refused(tmp_path):
    (tmp_path / "study.json").write_text("{}")
    how = {"methods": ["ridge-probe"], **tiny.QUICK, "quality": "fast", "epochs": None}
    with pytest.raises(BadInput, match="not ended, go on with resume=True"):
        hs.adapt(people(), augment_with=tmp_path, out=tmp_path / "run", **how)


def test_samples_of_another_kind_are_refused(tabled, tmp_path):
    draw, y = np.random.default_rng(0), np.arange(40) % 2
    numbers = draw.normal(size=(40, 3)).astype(np.float32), np.where(y, "ill", "well")
    made = hs.generate(numbers, out=tmp_path / "gen", **SMALL)
    how = {"methods": ["ridge-probe"], **tiny.QUICK, "quality": "fast", "epochs": None}
    with pytest.raises(BadData):
        hs.adapt(people(), augment_with=made.folder, out=tmp_path / "run", **how)
    with pytest.raises(BadData):
        hs.adapt(hs.data.load(numbers), augment_with=tabled.folder, out=tmp_path / "back", **how)


def test_a_class_of_two_rows_is_refused_once_one_is_held_out(tmp_path):
    y = np.array(["rare"] * 2 + ["usual", "other"] * 20)
    rows = np.random.default_rng(0).normal(size=(42, 2)).astype(np.float32)
    with pytest.raises(BadData, match="'rare' has fewer than 2 rows to learn from, once rows are held out"):
        hs.generate((rows, y), out=tmp_path / "gen", **SMALL)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((0.9, 0.8, 1.0), "is easy"),
        ((0.7, 0.6, 0.8), "is possible"),
        ((0.6, 0.4, 0.7), "is not possible"),
        ((0.67, 0.49, 0.81), "may be possible or not"),
    ],
)
def test_few_held_out_rows_do_not_say_that_samples_are_like_real_ones(drawn, found, said):
    checks = replace(drawn.result.checks, auc=Interval(*found))
    assert any(f"held-out rows {said} for" in one for one in sentences(replace(drawn.result, checks=checks)))


def write_people(file, columns=("name", "age", "ward", "label"), n=40):
    """A table whose first column is another name in every row, with gaps and a row without a label."""
    lines = [",".join(columns)]
    for row in range(n):
        cells = {
            "name": f"n{7 * row % n}",
            "age": "" if row % 8 == 0 else 40 + 20 * (row % 2) + row % 3,
            "ward": "NA" if row % 9 == 1 else "ab"[row % 2],
            "label": "" if row == 8 else ("well", "ill")[row % 2],
        }
        lines.append(",".join(str(cells[name]) for name in columns))
    file.write_text("\n".join(lines) + "\n")
    return file


def test_missing_cells_of_a_file_are_filled_in_and_all_else_stays(tmp_path):
    file = write_people(tmp_path / "people.csv")
    made = hs.generate(str(file), fill=str(file), out=tmp_path / "gen", **SMALL)
    before, after = (
        list(csv.DictReader(one.read_text().splitlines())) for one in (file, made.folder / "filled.csv")
    )
    gaps = [(row, name) for row, cells in enumerate(before) for name in cells if cells[name] in ("", "NA")]
    filled = [(row, name) for row, name in gaps if row != 8]
    assert (made.result.filled, made.result.filled_cells) == ("filled.csv", len(filled))
    assert all(40 <= float(after[row][name]) <= 62 for row, name in filled if name == "age")
    assert all(after[row][name] in ("a", "b") for row, name in filled if name == "ward")
    for row, name in filled:
        after[row][name] = before[row][name]
    assert after == before
    assert any("see filled.csv" in one for one in sentences(made.result))
    assert any("'name' is not drawn" in note for note in made.result.notes)


def test_rows_in_memory_are_filled_in(tmp_path, tabled):
    made = hs.generate(people(), fill=people(20), out=tmp_path / "gen", **SMALL)
    found = hs.data.load(made.folder / "filled.csv")
    assert (len(found), made.result.filled_cells) == (20, 1)
    assert not np.isnan(found.table.values).any()
    assert (tabled.result.filled, tabled.result.filled_cells) == ("", 0)


def test_what_can_not_be_filled_in_is_refused_before_anything_is_trained(tmp_path, pictures):
    file, out = write_people(tmp_path / "people.csv"), tmp_path / "gen"
    for columns, said in (
        (("name", "age", "ward"), "has no column 'label'"),
        (("name", "age", "label"), "no column 'ward'"),
    ):
        other = write_people(tmp_path / "other.csv", columns)
        with pytest.raises(BadData, match=said):
            hs.generate(file, fill=other, out=out, **SMALL)
    other = write_people(tmp_path / "other.csv")
    other.write_text(other.read_text().replace("well", "dead"))
    with pytest.raises(BadData, match="has the class 'dead', which people lacks"):
        hs.generate(file, fill=other, out=out, **SMALL)
    other.write_text(other.read_text().replace("dead", "well").replace(",61,", ",old,").replace(",4", ",x4"))
    with pytest.raises(BadData, match="'age'"):
        hs.generate(file, fill=other, out=out, **SMALL)
    with pytest.raises(BadInput, match=r"fill=\.\.\. fills in cells of a table, and shapes holds pictures"):
        hs.generate(pictures, fill=file, out=out, **SMALL)
    assert not out.exists()


def test_where_held_out_rows_are_copies_too_nothing_is_told_of_samples(drawn):
    record = replace(drawn.result, checks=replace(drawn.result.checks, memorisation=None))
    assert any("can't be told by their distances" in one for one in sentences(record))
    assert ("memorisation", "not known", "held-out rows are equal to training rows, too") in view(record)[
        "facts"
    ]
    assert Generation.from_values(json.loads(record.to_json())) == record


def test_how_long_it_takes_is_told_with_what_shortens_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(timing, "TOLD", 0.0)
    hs.generate(people(), out=tmp_path / "gen", progress=Progress("lines"), **SMALL)
    said = capsys.readouterr().err
    assert re.search(r"Time +about .* to train, .* to draw, .* for the nets of the checks", said)
    assert "fewer steps, fewer seeds or rows, generator='vae'" in said
    monkeypatch.setattr(timing, "TOLD", 60.0)
    hs.generate(people(), out=tmp_path / "brief", progress=Progress("lines"), **SMALL)
    assert "to train" not in capsys.readouterr().err


def test_samples_of_other_classes_and_copies_of_test_rows(tmp_path):
    how = {"methods": ["ridge-probe"], **tiny.QUICK, "quality": "fast", "epochs": None}
    data = people()
    other = replace(data, classes=("ill", "dead"))
    with pytest.raises(BadData, match=r"has the class 'dead', which .* has not"):
        hs.adapt(data, augment_with=other, out=tmp_path / "run", **how)
    run = hs.adapt(data, augment_with=data, out=tmp_path / "copies", **how).result
    assert run.generated_rows <= run.train_rows
    assert any("copies of test rows" in note for note in run.notes)
