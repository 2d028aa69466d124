"""Trials in rounds under a budget, by a clock of the test's own: each trial takes ten seconds."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.study.experiments import made, rows
from tests.study.test_align import run as align

import headstart as hs
from headstart.core import BadInput, CannotWrite, Diverged
from headstart.run.progress import Progress
from headstart.studies._store import StudyFolder
from headstart.studies._trials import Trial, carry_out
from headstart.studies._unsolved import as_diverged
from headstart.studies.align.page import headings, terminal, view

CURVE = {"methods": ("nearest-centroid", "fine-tune"), "labels_per_class": (1, 2, 4), "seeds": 3, "epochs": 2}


class Folder:
    """Keeps nothing but the names of `kept` from an earlier time."""

    def __init__(self, monkeypatch, kept=""):
        self.progress, self.now, self.done = Progress(), 0.0, ""
        self.steps = SimpleNamespace(done=lambda step: step.removeprefix("try ") in kept, carried=0.0)
        self.kept = kept
        monkeypatch.setattr(self.progress, "elapsed", lambda: self.now)

    def trial(self, name, compute):
        self.done += name
        if name in self.kept:
            self.steps.carried += 10.0
        else:
            self.now += 10.0
        return {"diverged": "too steep."} if name == "x" else {"value": name}


def trials(*rounds):
    """A trial a letter; a capital one comes after that of the small letter."""
    return [
        Trial(
            name,
            name,
            f"trial {name}",
            lambda _: None,
            10.0,
            f"round {n}",
            name.lower() if name.isupper() else None,
        )
        for n, names in enumerate(rounds)
        for name in names
    ]


@pytest.mark.parametrize(
    ("rounds", "budget", "done", "left_out"),
    [
        (("ab", "cd", "e"), None, "abcde", ""),
        (("ab", "cd", "e"), 50, "abcde", ""),
        (("ab", "cd", "e"), 49, "abcd", "it: round 2"),
        (("ab", "cd", "e"), 39, "abe", "it: round 1"),  # a shorter round still fits
        (("ab", "cd", "e"), 1, "ab", "them: round 1, round 2"),  # the first one always comes
        (("a", "b", "c", "AB"), 29, "ab", "them: round 2, round 3"),
        # what comes after them is left out, too, though it would fit
        (("a", "bc", "B", "A"), 29, "aA", "them: round 1, round 2"),
    ],
)
def test_rounds_are_carried_out_whole_where_there_is_time(rounds, budget, done, left_out, monkeypatch):
    folder, notes = Folder(monkeypatch), []
    values = carry_out(trials(*rounds), folder, notes, budget)
    assert folder.done == "".join(values) == done
    assert (
        notes == []
        if not left_out
        else notes[0].startswith(
            f"Left out, as a budget of {budget} seconds has no time for {left_out}. resume=True"
        )
    )


@pytest.mark.parametrize(
    ("measured", "keep", "done"),
    [(10.0, 0.0, "abc"), (30.0, 0.0, "ab"), (20.0, 0.0, "abc"), (20.0, 1.0, "ab")],
)
def test_what_was_measured_counts_in_the_place_of_a_guess(measured, keep, done, monkeypatch):
    """Of 40 seconds two trials take ten each, and 20 are left, less what is kept for what comes after."""
    folder, asked = Folder(monkeypatch), []

    def measure(left):
        asked.append(left)
        return measured

    *first, last = trials("a", "b", "c")
    carry_out([*first, replace(last, name="c, seed 0", measure=measure)], folder, [], 40.0, keep=keep)
    assert folder.done == ("abc, seed 0" if "c" in done else done)
    assert asked == [20.0 - keep]


@pytest.mark.parametrize(("budget", "done"), [(1, "abcd"), (49, "abcd"), (50, "abcde"), (60, "abcdef")])
def test_what_is_kept_stays_and_its_time_counts(budget, done, monkeypatch):
    folder = Folder(monkeypatch, kept="abcd")
    assert "".join(carry_out(trials("ab", "cd", "e", "f"), folder, [], budget)) == done


def test_one_that_diverged_is_noted(monkeypatch):
    notes = []
    assert [*carry_out(trials("ax"), Folder(monkeypatch), notes)] == ["a"]
    assert notes == ["trial x, is left out: too steep."]


def test_a_budget_leaves_out_seeds_for_all_methods_and_a_larger_one_adds_them(tmp_path):
    base, out = made(), tmp_path / "run"
    short = hs.curve(base, rows(), out=out, budget=1e-9, **CURVE)
    (point,) = short.points  # what is solved is a round of its own, and the first one always comes
    assert (point.method, point.labels_per_class, point.seeds) == ("nearest-centroid", 1, [0])
    (note,) = [note for note in short.notes if note.startswith("Left out")]
    assert note == (
        "Left out, as a budget of 1e-09 seconds has no time for them: "
        "seed 0 with 1 label a class (trained), seed 0 with 2 labels a class, "
        "seed 0 with 2 labels a class (trained), seed 0 with 4 labels a class, "
        "seed 0 with 4 labels a class (trained), seed 1 with 1 label a class and 11 more. "
        "resume=True with a larger budget adds them."
    )
    longer = hs.curve(base, rows(), out=out, resume=True, budget=3600, **CURVE)
    assert longer.points == hs.curve(base, rows(), **CURVE).points


def test_a_budget_leaves_out_methods_and_a_larger_one_adds_them(tmp_path):
    done, short = align(), align(tmp_path, budget=1e-9)
    least = [("source-only", 1), ("source-only-probe", 1)]
    assert [(row.method, row.seeds) for row in short.result.table] == least
    notes = "\n".join(short.result.notes)
    assert "a budget of 1e-09 seconds has no time for them: Deep CORAL" in notes
    assert "Even the least takes about" in notes
    assert "The budget of 1e-09 seconds was too small" in notes
    longer = align(tmp_path, budget=3600, resume=True)
    assert longer.result.table == done.result.table
    assert longer.result.chosen == done.result.chosen
    for name, value in done.model.model.state_dict().items():
        torch.testing.assert_close(longer.model.model.state_dict()[name], value, rtol=0, atol=0)


def fail(error):
    raise error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BadInput("the plan is off."), "the plan is off."),
        (Diverged("the loss is nan."), "the loss is nan."),
        (np.linalg.LinAlgError("singular"), "its equations have no solution in numbers (singular)."),
        (torch.linalg.LinAlgError("singular"), "its equations have no solution in numbers"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory was too short"),
        (torch.OutOfMemoryError("CUDA out of memory"), "memory was too short"),
    ],
)
def test_an_error_of_one_method_is_its_reason_and_the_others_go_on(error, why, monkeypatch):
    folder, failed = Folder(monkeypatch), {}
    monkeypatch.setattr(
        folder, "trial", lambda _name, compute: StudyFolder.once(folder, "", lambda: compute(None))
    )
    folder.steps.once = lambda _name, compute: compute()
    planned = [Trial("a", "a", "a", lambda _: fail(error)), Trial("b", "b", "b", lambda _: {"value": 1})]
    assert carry_out(planned, folder, [], failed=failed) == {"b": 1}
    assert failed["a"].startswith(why)


@pytest.mark.parametrize(
    "error", [CannotWrite("the disk is full."), RuntimeError("a bug"), KeyError("a bug")]
)
def test_what_every_method_would_meet_ends_the_study(error):
    with pytest.raises(type(error)), as_diverged():
        raise error


def test_equations_without_a_solution_leave_out_their_method_in_every_study(tmp_path, monkeypatch):
    """Of the probe that the first model is made of, too; the other method is compared and selected."""
    monkeypatch.setattr(
        hs.methods.RidgeProbe, "predictor", lambda *_: fail(torch.linalg.LinAlgError("singular"))
    )
    why, both = "its equations have no solution in numbers (singular)", ("ridge-probe", "nearest-centroid")
    found = hs.curve(made(), rows(), methods=both, labels_per_class=(2,), seeds=1)
    assert {point.method for point in found.points} == {"nearest-centroid"}
    assert any(note.startswith("Ridge probe with 2 labels") and why in note for note in found.notes)
    done = hs.adapt(made(), rows(), out=tmp_path / "run", methods=both, folds=2, curve=False).result
    assert done.selected == "nearest-centroid"
    (lost,) = [row for row in done.candidates if row.name == "ridge-probe"]
    assert lost.dropped == f"on fold 1 of 2 {why}"
    with pytest.raises(Diverged, match="no solution in numbers"):
        hs.fit("ridge-probe", made(), rows())


def test_a_method_that_can_not_be_solved_is_a_row_with_its_reason():
    """A plan with next to no entropy does not come to its end; it was the end of the study."""
    result = align(methods=("coral", "optimal-transport:epsilon=0.000001,most=30"), seeds=1).result
    assert [row.method for row in result.table] == ["source-only", "source-only-probe", "coral"]
    (failed,) = result.left_out
    assert failed.method == "optimal-transport:epsilon=1e-06,most=30"
    assert "the rows of the plan are off by" in failed.reason
    assert any(note.startswith("Optimal transport") and failed.reason in note for note in result.notes)
    last = terminal(result).rows[-1]
    assert (last[0], last[1], len(last)) == (failed.title, "not run", len(headings(result)))
    assert (failed.title, f"not run: {failed.reason}") == view(result)["rows"][-1][:2]


def test_a_training_on_numbers_has_labels_but_no_classes(tmp_path):
    x, y = rows()
    hs.curve(
        made(), (x, y + 0.5), out=tmp_path, methods=("ridge-probe",), labels_per_class=(4,), seeds=1, epochs=1
    )
    told = " ".join(path.name for path in (tmp_path / "steps").iterdir())
    assert told == "try-ridge-probe-with-4-labels-seed-0.safetensors"


def test_a_curve_measures_a_training_before_it_begins_one(monkeypatch):
    """Its steps are made to seem long: a budget of two seconds has time for the probes alone."""
    measured = []

    def slow(times):
        measured.append(len(times))
        return 10.0

    monkeypatch.setattr("headstart.studies._step_times.usual_step", slow)
    short = hs.curve(made(), rows(), budget=2.0, **CURVE | {"seeds": 1})
    assert {point.method for point in short.points} == {"nearest-centroid"}
    assert len(short.points) == 3
    assert 1 <= min(measured) <= max(measured) <= 3
    assert any("(trained)" in note for note in short.notes)
