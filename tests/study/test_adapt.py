"""The main job: what it fills in, and that nothing looks at the test part before it is time."""

import html
import re
import shlex
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from tests.study import tiny

import headstart as hs
from headstart.models.backbone import backbone
from headstart.studies.adapt import Result, Timings
from headstart.studies.adapt import run as job

READING = tiny.QUICK | {"reading": "auto"}  # with all that is chosen before anything is trained


def with_split(x, y, test):
    split = tuple("test" if row in set(test) else "train" for row in range(len(y)))
    return replace(hs.data.load((x, y)), split=split)


# --- what it fills in


@pytest.fixture(scope="module")
def full(tmp_path_factory, pictures, weights):
    """A run with every section: several methods, a size curve and a model from scratch."""
    out = tmp_path_factory.mktemp("full") / "run"
    base = backbone(tiny.BACKBONE, weights=weights)
    done = hs.adapt(base, pictures, out=out, size=32, epochs=2, folds=2, methods=tiny.TRIED)
    return out, done.result


def test_every_section_is_filled(full):
    out, result = full
    assert (result.train_rows, result.test_rows) == (29, 7)  # a fifth of 36 is 7.2
    assert result.check.rows == 36
    assert result.check.classes == dict.fromkeys(tiny.CLASSES, 12)
    assert result.classes == list(tiny.CLASSES)
    assert (result.task, result.backbone, result.seed) == ("shapes", tiny.BACKBONE, 0)
    assert result.preprocess["size"] == (32, 32)
    assert [one.name for one in result.candidates] == list(tiny.TRIED)
    assert result.selected in tiny.TRIED
    assert [one.name for one in result.tested] == ["selected", "from-scratch", "raw-pixels", "majority-class"]
    assert len(result.layers) >= 4
    assert [(one.method, one.labels_per_class) for one in result.size_curve] == [
        ("logistic-probe", 2),
        ("fine-tune", 2),
        ("from-scratch", 2),
    ]
    assert len(result.size_curve[0].score) == 5
    assert np.sum(result.confusion) == 7
    assert sum(one.rows for one in result.bins) == 7
    assert result.headline
    assert result.why
    assert result.versions["torch"] == torch.__version__.split("+")[0]
    assert Result.read(out / "result.json").to_json() == result.to_json()


def test_candidates_are_scored_on_rows_that_they_have_not_seen(full):
    _, result = full
    for one in result.candidates:
        assert (one.of_folds, one.folds) == (2, 2) or one.dropped
        rows = 29 if one.folds == 2 else one.scores.rows
        assert one.scores.rows == rows
    best = max(result.candidates, key=lambda one: one.scores["balanced_accuracy"].value * (one.folds == 2))
    assert result.selected == best.name
    parameters = {one.name: one.trained_parameters for one in result.candidates}
    assert parameters["ridge-probe"] % 3 == 0  # weights of each feature, and a bias, for each class
    assert parameters["ridge-probe"] >= 96 * 3 + 3
    assert parameters["fine-tune"] > result.backbone_parameters * 0.9


def test_curves_have_a_loss_for_each_step(full):
    _, result = full
    tuned = [one for one in result.curves if one.method == "fine-tune"]
    assert [one.fold for one in tuned] == list(range(len(tuned)))
    for one in tuned:
        assert one.steps == [1, 2]  # two epochs of all rows of the other fold at once
        assert len(one.losses) == 2
        assert all(loss > 0 for loss in one.losses)
    assert [one.fold for one in result.curves if one.method == "from-scratch"] == [-1]


def test_costs_are_beside_the_result(full):
    out, _ = full
    timings = Timings.read(out / "timings.json")
    assert set(tiny.TRIED) <= set(timings.steps)
    assert {"plan", "test"} <= set(timings.steps)
    assert all(step.seconds >= 0 and step.peak_megabytes > 10 for step in timings.steps.values())
    assert timings.total_seconds > sum(step.seconds for step in timings.steps.values()) * 0.9


def test_mistakes_are_the_most_confident_errors_with_their_pictures(full):
    out, result = full
    confident = [one.confidence for one in result.mistakes]
    assert confident == sorted(confident, reverse=True)
    wrong = np.sum(result.confusion) - np.trace(result.confusion)
    assert len(result.mistakes) == wrong > 0
    for one in result.mistakes:
        assert one.truth != one.answer
        assert one.truth == one.item.split("/")[0]
        assert (out / one.picture).read_bytes()[8:12] == b"WEBP"


# --- the test part


@dataclass(frozen=True, eq=False)
class Spied:
    """Samples that note which rows are read, and what had been written down by then."""

    samples: object
    rows: np.ndarray
    steps: object
    log: list
    kind: str = "pictures"

    def __len__(self):
        return len(self.samples)

    def raw(self, row):
        self.log.append(
            (int(self.rows[row]), frozenset(path.stem for path in self.steps.glob("*.safetensors")))
        )
        return self.samples.raw(row)

    def take(self, rows):
        return replace(self, samples=self.samples.take(rows), rows=self.rows[rows])


@pytest.mark.slow
def test_the_test_part_is_looked_at_once_and_only_when_all_is_decided(base, shapes, tmp_path, monkeypatch):
    test, log, steps = set(range(36, 48)), [], tmp_path / "run" / "steps"
    data = with_split(*shapes, test)
    data = replace(data, samples=Spied(data.samples, np.arange(48), steps, log))
    looks, methods = [], ("ridge-probe", "knn", "fine-tune")
    module = job.evaluate_on_test.__globals__
    real = module["_predict_test"]
    monkeypatch.setitem(module, "_predict_test", lambda *a: looks.append(1) or real(*a))
    result = hs.adapt(base, data, out=tmp_path / "run", methods=methods, **READING).result
    later = [(row, done) for row, done in log if "plan" in done]  # before it, the data are checked
    assert {row for row, _ in later} >= test
    for row, done in later:
        if row in test:
            assert {"fit-from-scratch-on-the-whole-training-part", "probe-every-block"} < done
            assert f"fit-{result.selected}-on-the-whole-training-part" in done
    decoded = [row for row, done in later if row in test and "test" not in done]
    assert sorted(decoded) == sorted(test)  # once each
    log.clear()
    hs.adapt(
        base,
        data,
        out=tmp_path / "run",
        methods=methods,
        resume=True,
        **READING,
    )
    result = Result.read(tmp_path / "run" / "result.json")
    # a resumed run takes the written answers; beside the check, it opens pictures of mistakes only
    pictured = len([one for one in result.mistakes if one.picture])
    assert len([row for row, _ in log if row in test]) <= 2 * len(test) + pictured
    assert len(looks) == 2


@pytest.mark.slow
def test_garbage_in_the_test_part_changes_no_choice(base, shapes, tmp_path):
    x, y = shapes
    test = np.arange(36, 48)
    rng = np.random.default_rng(0)
    poisoned_x, poisoned_y = x.copy(), y.copy()
    poisoned_x[test] = rng.integers(0, 256, x[test].shape)
    poisoned_y[test] = (y[test] + 1) % 3
    methods = ("ridge-probe", "knn", "fine-tune", "lp-ft")
    results, models = [], []
    for name, data in (("clean", (x, y)), ("poisoned", (poisoned_x, poisoned_y))):
        out = tmp_path / name
        hs.adapt(base, with_split(*data, test), out=out, methods=methods, epochs=1, folds=2)
        results.append(Result.read(out / "result.json"))
        models.append((out / "model" / "model.safetensors").read_bytes())
    clean, poisoned = results
    assert models[0] == models[1]
    for same in ("readings", "candidates", "selected", "why", "layers", "size_curve", "curves"):
        assert getattr(clean, same) == getattr(poisoned, same), same
    assert clean.tested[0].scores != poisoned.tested[0].scores  # so the garbage has been there


def test_the_shape_of_test_pictures_says_nothing(tmp_path):
    small, large = (tiny.folders(tmp_path / name, 2) for name in ("train", "test"))
    for file in large.rglob("*.png"):
        tiny.shape("disc", 0, side=150).crop((0, 0, 150, 30)).save(file)
    data = hs.data.load(tmp_path)
    assert data.split
    assert data.modality.fits(data) == ()  # those of the training part are square
    assert len(data.modality.fits(hs.data.load(large))) == 3
    assert small.name == "train"


@pytest.mark.slow
def test_the_users_own_split_is_kept(base, shapes, judged, tmp_path):
    test = [0, 1, 2, 3, 4, 9, 11, 40, 41]
    hs.adapt(base, with_split(*shapes, test), out=tmp_path / "run", methods=("ridge-probe",), **tiny.QUICK)
    ((train, held, _),) = judged
    assert held.items == tuple(f"row {row}" for row in test)
    assert set(train.items) == {f"row {row}" for row in range(48)} - set(held.items)


@pytest.mark.slow
def test_duplicates_are_never_on_both_sides(base, shapes, judged, tmp_path):
    x, y = shapes
    brighter = (x[::3].astype(int) + 12).clip(0, 255).astype(np.uint8)
    twins = np.concatenate([x, x[::2], brighter]), np.concatenate([y, y[::2], y[::3]])
    origin = np.concatenate([np.arange(48), np.arange(48)[::2], np.arange(48)[::3]])
    for seed in range(3):
        out = tmp_path / str(seed)
        hs.adapt(base, twins, out=out, methods=("ridge-probe",), seed=seed, test=0.3, **tiny.QUICK)
        train, held, _ = judged[-1]
        sides = [{int(origin[int(item.split()[1])]) for item in part.items} for part in (train, held)]
        assert not sides[0] & sides[1]
        assert len(sides[1]) >= 8
    kinds = {one.kind for one in Result.read(tmp_path / "0" / "result.json").check.findings}
    assert {"exact-duplicates", "near-duplicates"} <= kinds


# --- again


@pytest.mark.slow
def test_the_same_study_gives_the_same_bytes(base, shapes, tmp_path, monkeypatch):
    ends = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        hs.adapt(base, shapes, out="run", methods=("knn", "fine-tune"), **READING)
        ends.append([(tmp_path / name / "run" / f).read_bytes() for f in ("result.json", "ticks.jsonl")])
    assert ends[0] == ends[1]


@pytest.mark.slow
def test_the_code_on_the_page_runs_when_pasted(base, pictures, tmp_path, headstart, monkeypatch, capsys):
    """In the folder that holds the run: Python and the commands, as they stand there."""
    hs.adapt(base, pictures, out=tmp_path / "my run", methods=("nearest-centroid",), **tiny.QUICK)
    page = (tmp_path / "my run" / "report.html").read_text("utf-8")
    blocks = [
        html.unescape(code) for code in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)
    ]
    in_python, *commands = blocks[:4]
    monkeypatch.chdir(tmp_path)
    exec(in_python, {})
    assert capsys.readouterr().out
    for command in commands:
        program, *words = shlex.split(command)
        said = headstart(*words)
        assert program == "headstart"
        assert (said.code, bool(said.out)) == (0, True), said.err
    assert (tmp_path / "model.onnx").is_file()


@pytest.mark.slow
def test_what_is_returned_is_a_result_with_a_link_for_notebooks(base, shapes, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = hs.adapt(base, shapes, out="a <run>", methods=("nearest-centroid",), **tiny.QUICK)
    shown = done._repr_html_()
    assert '<a href="a &lt;run&gt;/report.html"' in shown
    assert re.search("<th[^>]*>method</th>", shown)
    (tmp_path / "a <run>" / "report.html").unlink()
    assert "<a " not in done._repr_html_()
