"""`align`: methods tried on a source and a target, one chosen without a label of the target."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite
from headstart.records.record import Interval
from headstart.run.checkpoint import load_state
from headstart.run.progress import Progress
from headstart.run.step_cache import file_name
from headstart.studies.align import Alignment, EvalPoint, MethodResult
from headstart.studies.align.results import headline, verdict
from headstart.studies.align.selection import best, dissent

METHODS = ("deep-coral:backbone_lr=1.0", "mcc:backbone_lr=1.0", "coral")
QUICK = {"seeds": 2, "epochs": 4, "evaluations": 2, "lr": 1e-2, "methods": METHODS, "select": "im"}


def domain(n, seed, shift=0.0):
    """Three classes in two of six columns; in the target the others are shifted."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = rng.normal(0, 0.5, (n, 6)) + 2 * np.eye(6)[y] + shift * np.array([0, 0, 0, 1, 1, 1])
    return x.astype(np.float32), np.array(["red", "green", "blue"])[y]


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))


def run(tmp_path=None, name="run", target=None, **options):
    out = None if tmp_path is None else tmp_path / name
    return hs.align(
        domain(90, 0),
        domain(80, 1, 1.5) if target is None else target,
        net(),
        out=out,
        **{**QUICK, **options},
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return run(tmp_path_factory.mktemp("align"))


def test_the_table_has_all_methods_with_what_labels_would_have_chosen(done):
    result = done.result
    assert [row.method for row in result.table[:2]] == ["source-only", "source-only-probe"]
    assert {row.method for row in result.table[2:]} == set(METHODS)
    assert [row.score for row in result.table[2:]] == sorted(
        (r.score for r in result.table[2:]), reverse=True
    )
    for row in result.table:
        assert row.oracle.value >= max(row.selected.value, row.last.value)
        assert row.seeds == (1 if row.method in ("coral", "source-only-probe") else 2)
    assert [row.gain for row in result.table[:2]] == [None, None]
    coral, probe = (result.row(name) for name in ("coral", "source-only-probe"))
    assert coral.gain.value == pytest.approx(coral.selected.value - probe.selected.value)
    assert coral.gain.value > 0.1
    assert result.test_rows == 24
    assert result.target_rows == 56
    assert done.model.model.source_statistics is not None  # of these, for streams
    assert result.source_rows + result.held_rows == 90


def test_the_chosen_one_has_the_highest_score_and_is_shipped(done):
    result = done.result
    best = max(result.table, key=lambda row: row.score)
    assert result.chosen == best.method
    mine = [look for look in result.eval_points if look.method == result.chosen]
    top = max(mine, key=lambda look: look.scores["im"])
    assert (result.chosen_seed, result.chosen_step) == (top.seed, top.step)
    x, y = domain(300, 5, 1.5)
    said = np.array([answer.label for answer in done.model.predict(x)])
    assert abs(np.mean(said == y) - top.target) < 0.15
    again = hs.open(done.folder, backbone=net())
    assert again.training.method == done.result.chosen
    assert again.notes == (*done.result.row(done.result.chosen).notes, *done.result.notes)
    np.testing.assert_array_equal(again.probabilities(x[:5]), done.model.probabilities(x[:5]))


def written_down(folder):
    """The outputs on the test rows at each evaluation: {(name of the training, step): (rows, classes)}."""
    found = {}
    for path in (folder / "steps").glob("try-*.safetensors"):
        looks = load_state(path)["value"]["value"]["evaluations"]
        found |= {(path.stem, look["step"]): look["test"] for look in looks}
    return found


@pytest.mark.parametrize(("methods", "looks"), [(METHODS, 14), (METHODS[:1], 9)])
def test_what_is_shipped_is_the_model_of_that_look(methods, looks, done, tmp_path):
    """Its outputs on the test rows are those that were written down when it was looked at, and no others."""
    if methods != METHODS:  # whose best is one in closed form, with a single look
        done = run(tmp_path, methods=methods)
    outputs = written_down(done.folder)
    assert len(outputs) == looks
    assert not (done.folder / "evaluations").exists()
    with torch.inference_mode():
        shipped = done.model.model(torch.from_numpy(domain(80, 1, 1.5)[0]))
    apart = {key: max((shipped - row).abs().amax(1).min() for row in rows) for key, rows in outputs.items()}
    best = (file_name(f"try {done.result.chosen} seed {done.result.chosen_seed}"), done.result.chosen_step)
    assert apart.pop(best) < 1e-5
    assert min(apart.values()) > 1e-3


def test_labels_of_the_target_change_no_choice_and_no_weight(done, tmp_path):
    """Poison: with noise for labels all is the same but the figures that are reported."""
    x, y = domain(80, 1, 1.5)
    noise = np.random.default_rng(3).permutation(y)
    poisoned = run(tmp_path, target=(x, noise))
    ours, theirs = done.result, poisoned.result
    assert (ours.chosen, ours.chosen_seed, ours.chosen_step) == (
        theirs.chosen,
        theirs.chosen_seed,
        theirs.chosen_step,
    )
    assert [replace(look, target=None) for look in ours.eval_points] == [
        replace(look, target=None) for look in theirs.eval_points
    ]
    assert ours.row(ours.chosen).selected != theirs.row(ours.chosen).selected
    weights = [folder / "model" / "model.safetensors" for folder in (done.folder, poisoned.folder)]
    assert weights[0].read_bytes() == weights[1].read_bytes()


def test_without_labels_there_is_no_accuracy_but_a_choice():
    result = run(target=domain(80, 1, 1.5)[0], methods=("coral",), seeds=1).result
    assert result.test_rows == 0
    assert result.target_rows == 80
    assert all(row.selected is None and row.oracle is None and row.gain is None for row in result.table)
    assert result.verdict in ("unknown", "nothing")


def test_labels_that_are_to_be_passed_over():
    result = run(methods=("coral",), seeds=1, unlabelled=True).result
    assert result.test_rows == 0


@pytest.mark.slow
def test_a_stopped_study_goes_on_to_the_same_bytes(done, tmp_path):
    out = tmp_path / "run"
    stopped = {"left": 3}

    class Stop(Progress):
        def watch(self, ticks, _run):
            for tick in ticks:
                yield tick
                if tick.step == 9:
                    stopped["left"] -= 1
                    if stopped["left"] == 0:
                        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=Stop())
    assert not (out / "align.json").exists()
    run(tmp_path, resume=True)
    ours, whole = (json.loads((folder / "align.json").read_text()) for folder in (out, done.folder))
    for record in (ours, whole):
        record.pop("command")
    assert ours == whole
    assert (out / "model" / "model.safetensors").read_bytes() == (
        done.folder / "model" / "model.safetensors"
    ).read_bytes()
    run(tmp_path, resume=True)  # a finished one is left as it is


def test_another_target_is_another_study(done):
    with pytest.raises(BadInput, match="differs in the target"):
        hs.align(domain(90, 0), domain(80, 7), net(), out=done.folder, resume=True, **QUICK)
    with pytest.raises(CannotWrite, match="resume=True goes on"):
        hs.align(domain(90, 0), domain(80, 1, 1.5), net(), out=done.folder, **QUICK)


@pytest.mark.slow
def test_few_labelled_rows_help_where_nothing_else_can():
    """The target's classes are named the other way round: only labels can tell."""
    x, y = domain(120, 1)
    turned = np.array(["green", "blue", "red"])[np.searchsorted(["blue", "green", "red"], y)]
    options = {"methods": ("deep-coral:backbone_lr=1.0",), "seeds": 1, "epochs": 12, "select": "source"}
    without = run(target=(x, turned), **options).result
    known = domain(60, 9)
    target_labelled = (
        known[0],
        np.array(["green", "blue", "red"])[np.searchsorted(["blue", "green", "red"], known[1])],
    )
    beside = run(target=(x, turned), target_labelled=target_labelled, **options).result
    assert beside.target_labelled_rows == 60
    name = "deep-coral:backbone_lr=1.0"
    assert beside.row(name).last.value > without.row(name).last.value + 0.3


def test_a_saved_model_without_its_source(done, tmp_path):
    base = hs.models.backbone(net())
    first = hs.align(
        domain(90, 0), domain(80, 1, 1.5), base, out=tmp_path / "a", **QUICK | {"methods": ("coral",)}
    )
    again, x = hs.open(tmp_path / "a", backbone=net()), domain(20, 4)[0]
    np.testing.assert_array_equal(first.model.probabilities(x), again.probabilities(x))
    result = hs.align(
        first.model, domain(80, 2, 1.5), out=tmp_path / "b", seeds=1, epochs=2, methods=("shot",)
    ).result
    assert [row.method for row in result.table] == ["source-only", "shot"]
    assert result.held_rows == 0
    assert result.shift is None
    other = domain(80, 2)[0], np.array(["red", "pink"] * 40)
    with pytest.raises(BadData, match="classes that the saved model has not: 'pink'"):
        hs.align(first.model, other)
    with pytest.raises(BadInput, match="learns from labelled rows of the source"):
        hs.align(first.model, domain(80, 2, 1.5), methods=("dann",))
    with pytest.raises(BadInput, match="needs rows of the source"):
        hs.align(first.model, domain(80, 2, 1.5), select="dev")


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"methods": ("l2-sp",)}, BadInput, "does not learn from it"),
        ({"methods": ("tent",)}, BadInput, "hs.stream"),
        ({"select": "luck"}, BadInput, "select"),
        ({"seeds": 0}, BadInput, "seeds"),
        ({"target": domain(1, 0)[0]}, BadData, "one row"),
        ({"target": np.zeros((20, 5), np.float32)}, BadData, "5"),
        ({"target": domain(9, 0, 3)[0]}, BadData, "9 rows to learn from"),
        ({"target": (domain(9, 0)[0], np.array(["red", "green", "pink"] * 3))}, BadData, "'pink'.*overlap=T"),
        ({"target": domain(90, 0)}, BadData, "are in .* too, so there is hardly a shift"),
    ],
)
def test_mistakes_are_named(options, error, says):
    target = options.pop("target", None)
    with pytest.raises(error, match=says):
        run(target=target, **options)


def test_partial_overlap_of_classes():
    x, y = domain(80, 1, 1.5)
    names = np.where(np.arange(80) % 10 == 0, "pink", y)
    result = run(target=(x, names), methods=("coral",), seeds=1, overlap=True).result
    assert result.target_rows == 56
    assert 0 < result.test_rows < 24
    assert any("neither for training nor for testing" in note for note in result.notes)


def row(gain, method="dann"):
    one = Interval(0.8, 0.7, 0.9)
    return MethodResult(method, method, 3, 1.0, 0.9, [1], one, one, one, 0.0, gain, [])


@pytest.mark.parametrize(
    ("gain", "said", "starts"),
    [
        (
            Interval(0.1, 0.02, 0.2),
            "helped",
            "dann helps: 80 % accuracy on 50 target rows, +10 (+2 to +20) points",
        ),
        (Interval(0.1, -0.02, 0.2), "unclear", "dann was selected by"),
        (Interval(-0.1, -0.2, -0.02), "harmed", "Negative transfer: dann"),
        (None, "unknown", "dann was selected by"),
    ],
)
def test_verdicts_follow_the_interval(gain, said, starts):
    assert verdict(row(gain)) == said
    told = [headline(row(gain), "accuracy", "im", 50, why) for why in ("", "no shift")]
    assert all(one.startswith(starts) and one.count(". ") < 2 for one in told)  # two sentences


def test_nothing_better_than_the_source_alone_is_said():
    assert verdict(row(None, "source-only")) == "nothing"
    assert headline(row(None, "source-only"), "accuracy", "im", 50).startswith("No method is found")


def test_the_record_is_read_back(done):
    assert Alignment.read(done.folder / "align.json") == done.result


def test_the_selected_look_is_the_one_with_the_highest_score_and_of_equals_the_first():
    looks = [{"scores": {"im": value}} for value in (0.1, 0.7, 0.7, 0.2)]
    assert best("dann", looks, "im") == 1
    assert best("dann", [{"scores": {}}, {"scores": {"im": -3.0}}], "im") == 1


def look(method, **scores):
    return EvalPoint(method, 0, 1, 1.0, scores, scores.get("source", 0.0), None)


def test_scores_that_disagree_with_the_selection_are_named():
    alone = look("source-only", im=0.1, bnm=0.9, reverse=0.8, source=0.9)
    (note,) = dissent(look("shot", im=2.0, bnm=0.95, reverse=0.5, source=0.4), alone, "im")
    assert note.startswith("The scores disagree: 2 of 3 others (reverse validation, held-out source rows)")
    assert dissent(look("shot", im=2.0, bnm=0.95, reverse=0.9, source=0.4), alone, "im") == []
    assert dissent(look("source-only", im=0.1, bnm=0.1, reverse=0.1, source=0.1), alone, "im") == []
