"""The search: what `adapt` would cross-validate, trials that survive a kill, and what is given up why."""

import json
import statistics
import sys

import numpy as np
import pytest
from tests.study.rivals import NETS, vectors

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Diverged, MissingPackage, Unknown, make
from headstart.run.step_cache import StepCache
from headstart.session.session import Session
from headstart.studies.search import Search

VECTORS = vectors()
FEW = {"methods": ("ridge-probe", "fine-tune"), "trials": 8, "folds": 3, "epochs": 1}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A finished search and its folder; not to be written to."""
    folder = tmp_path_factory.mktemp("search") / "whole"
    return hs.search(NETS["seeing"], VECTORS, out=folder, **FEW), folder


def stopped_after(monkeypatch, fits, error=KeyboardInterrupt):
    """Interrupt the fit number `fits`."""
    left = [fits]
    real = Session.fit

    def fit(self, *words, **more):
        if not left[0]:
            raise error
        left[0] -= 1
        return real(self, *words, **more)

    monkeypatch.setattr(Session, "fit", fit)


def test_the_first_trials_are_the_plain_methods_and_from_scratch(found):
    trials = found[0].trials
    assert [one.number for one in trials] == list(range(8))
    assert [one.method for one in trials[:3]] == ["ridge-probe", "from-scratch", "fine-tune"]
    assert [one.lr for one in trials[:3]] == [None] * 3
    assert all(one.method.startswith(("ridge-probe:penalty=", "fine-tune:")) for one in trials[3:])
    assert trials[1].state == "complete"
    assert Search.read(found[1] / "search.json") == found[0]


def test_the_values_are_those_of_adapt_on_the_same_folds(found, judged, tmp_path):
    how = {"epochs": 1, "folds": 3, "curve": False, "budget": 1e6}
    result = hs.adapt(NETS["seeing"], VECTORS, out=tmp_path / "a", methods=FEW["methods"], **how).result
    mine = {one.method: one.folds for one in found[0].trials[:3]}
    assert {one.name for one in result.candidates} < set(mine)
    for one in result.candidates:  # a race may end after fewer folds
        assert one.scores["balanced_accuracy"].value == pytest.approx(mine[one.name][one.folds - 1], abs=1e-9)
    train, test, _ = judged[0]
    assert (found[0].train_rows, found[0].test_rows) == (len(train), len(test))


def test_no_row_of_the_test_part_is_fetched(monkeypatch, judged, tmp_path):
    hs.adapt(NETS["seeing"], VECTORS, out=tmp_path / "a", methods=("knn",), epochs=1, folds=2, curve=False)
    held = {row.tobytes() for row in judged[0][1].array}
    sessions = []
    real = Session.fit

    def fit(self, method, rows, *words, **more):
        sessions.append(self)
        return real(self, method, rows, *words, **more)

    monkeypatch.setattr(Session, "fit", fit)
    hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 2})
    assert sessions
    assert not held & {row.tobytes() for row in sessions[0].data.array}


def test_a_trial_is_given_up_below_the_median_of_those_before_it(tmp_path):
    given = {"ridge-probe": {"penalty": (1e-3, 1e6)}}
    record = hs.search(NETS["half"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 14}, space=given)
    cut = 0
    for one in record.trials:
        before = [other for other in record.trials[: one.number] if len(other.folds) > len(one.folds) - 1]
        complete = sum(other.state == "complete" for other in record.trials[: one.number])
        below = max(one.folds) < statistics.median(
            [other.folds[len(one.folds) - 1] for other in before] or [0.0]
        )
        if one.state == "pruned":
            cut += 1
            assert complete >= 5
            assert below
            assert one.why.startswith(f"after {len(one.folds)} of 3 folds")
            assert one.score is None
        else:
            assert len(one.folds) == 3
            assert one.score == one.folds[-1]
    assert cut
    assert record.best.score == max(one.score or 0 for one in record.trials)
    assert record.best.state == "complete"


@pytest.mark.parametrize("fits", [1, 4, 11])
def test_a_search_that_was_killed_ends_in_the_same_bytes(found, monkeypatch, tmp_path, fits):
    folder = tmp_path / "s"
    with monkeypatch.context() as patch:
        stopped_after(patch, fits)
        with pytest.raises(KeyboardInterrupt):
            hs.search(NETS["seeing"], VECTORS, out=folder, **FEW)
    steps = {path: path.stat().st_mtime_ns for path in (folder / "steps").glob("*.safetensors")}
    assert len(steps) == fits
    with (folder / "trials.jsonl").open("a") as stream:  # as a kill in the middle of writing leaves it
        stream.write('{"op_code":6,"worker')
    (folder / "trials.jsonl.lock").touch()
    hs.search(NETS["seeing"], VECTORS, out=folder, resume=True, **FEW)
    assert (folder / "search.json").read_text() == (found[1] / "search.json").read_text()
    assert {path: path.stat().st_mtime_ns for path in steps} == steps
    lines = (folder / "trials.jsonl").read_text().splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_a_kill_between_two_lines_of_the_trials_changes_nothing(found, tmp_path):
    lines = (found[1] / "trials.jsonl").read_text().splitlines(keepends=True)
    proposal = next(n for n, line in enumerate(lines) if "fine-tune.lr_decay" in line or ".penalty" in line)
    for number in (proposal, proposal + 2, len(lines) - 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "study.json").write_bytes((found[1] / "study.json").read_bytes())
        (folder / "trials.jsonl").write_text("".join(lines[:number]))
        (folder / "steps").symlink_to(found[1] / "steps")
        again = hs.search(NETS["seeing"], VECTORS, out=folder, resume=True, **FEW)
        assert again == found[0]


def test_more_trials_go_on_where_fewer_ended(found, tmp_path):
    hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 4})
    with pytest.raises(CannotWrite, match="not empty"):
        hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **FEW)
    more = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", resume=True, **FEW)
    assert more.trials == found[0].trials
    with pytest.raises(BadInput, match="another study: it differs in epochs"):
        hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", resume=True, **{**FEW, "epochs": 2})


def test_the_budget_ends_the_search_and_a_larger_one_goes_on(found, tmp_path):
    short = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **FEW, budget=1e-3)
    assert [one.method for one in short.trials] == ["ridge-probe"]  # the first one is always finished
    assert short.best.state == "complete"
    assert any("1 of 8 trials were finished in the budget of 0.001 seconds" in note for note in short.notes)
    assert any("not both finished" in note for note in short.notes)
    whole = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", resume=True, **FEW, budget=1e6)
    assert whole.trials == found[0].trials


def test_the_budget_counts_the_seconds_of_former_runs(tmp_path):
    hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 4})
    spent = sum(cost["seconds"] for cost in StepCache(tmp_path / "s" / "steps").spent().values())
    again = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", resume=True, **FEW, budget=0.99 * spent)
    assert len(again.trials) == 4
    assert any("4 of 8 trials" in note for note in again.notes)


def test_a_trial_that_the_budget_cut_is_unfinished_and_goes_on(found, monkeypatch, tmp_path):
    from headstart.studies.search.run import CrossValidator

    answers = iter([False] * 3 + [True] * 9)  # asked before each trial but the first, and before its folds
    monkeypatch.setattr(CrossValidator, "out_of_time", lambda self: next(answers))
    cut = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **FEW, budget=1.0)
    assert [one.state for one in cut.trials] == ["complete", "unfinished"]
    assert len(cut.trials[1].folds) == 2
    monkeypatch.undo()
    whole = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", resume=True, **FEW)
    assert whole.trials == found[0].trials


def test_transfer_that_does_not_help_is_said(tmp_path):
    noise = np.random.default_rng(3).normal(size=(90, 8)).astype(np.float32), VECTORS[1]
    bad = hs.search(NETS["seeing"], noise, out=tmp_path / "bad", **{**FEW, "trials": 4})
    assert bad.gain.low <= 0
    assert any("Transfer is not clearly better" in note for note in bad.notes)
    good = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "good", **{**FEW, "trials": 4})
    assert good.gain.low > 0
    assert not any("Transfer is not" in note for note in good.notes)
    by = {one.method: one.score for one in good.trials}
    assert good.gain.value == pytest.approx(good.best.score - by["from-scratch"])
    assert "optimistic" in good.notes[0]
    assert "18 held-out test rows were not touched" in good.notes[0]


def test_what_diverges_and_what_is_refused_stays_in_the_table(tmp_path, monkeypatch):
    fit = Session.fit

    def refuse(self, method, *args, **more):
        if method.about.name == "bitfit":
            raise BadInput("bitfit: refused on purpose")
        return fit(self, method, *args, **more)

    monkeypatch.setattr(Session, "fit", refuse)
    given = {"fine-tune": {"lr": (1e25, 1e30)}}
    how = {**FEW, "methods": ("fine-tune", "bitfit"), "trials": 6, "epochs": 9}
    record = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", space=given, **how)
    states = {(make(one.method).about.name, one.lr is None): one.state for one in record.trials}
    assert states["bitfit", True] == "refused"
    assert states["fine-tune", False] == "diverged"
    assert states["fine-tune", True] == "complete"
    whys = {one.why.partition(": ")[0] for one in record.trials if one.state != "complete"}
    assert whys
    assert any("bitfit" in why for why in whys)
    assert all(one.folds == [] for one in record.trials if one.state == "refused")


@pytest.mark.parametrize(
    ("method", "space", "text"),
    [
        ("norm-tuning", {}, "norm-tuning: the backbone has no parameter of the kind"),
        ("surgical:block=7", {}, "surgical: nothing can learn in blocks 7:8"),
        ("surgical", {"surgical": {"block": (0, 7)}}, "surgical: nothing can learn in blocks 7:8"),
    ],
)
def test_what_can_learn_nothing_is_refused_before_the_first_trial(tmp_path, method, space, text):
    with pytest.raises(BadInput, match=text):
        hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", space=space, methods=("ridge-probe", method))
    assert not (tmp_path / "s").exists()


def test_a_finite_space_is_tried_once_and_ends(tmp_path):
    """The methods as they are and from scratch, then 3 penalties and blocks=0, as blocks=1 is the default."""
    spaces = {"reinit": {"blocks": (0, 1)}, "ridge-probe": {"penalty": [0.1, 1.0, 10.0]}}
    how = {"methods": ("ridge-probe", "reinit"), "trials": 40, "folds": 2, "epochs": 1, "space": spaces}
    record = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **how)
    tried = [(one.method, one.lr) for one in record.trials]
    assert len(tried) == len(set(tried)) == 7
    assert [one.number for one in record.trials] == list(range(7))
    assert {"reinit", "reinit:blocks=0", "ridge-probe", "ridge-probe:penalty=10.0"} <= {
        name for name, _ in tried
    }
    assert "All settings in the space were tried: 7. A wider space has more." in record.notes
    assert not any("budget" in note for note in record.notes)


def test_nothing_finished_is_an_error(monkeypatch, tmp_path):
    def fit(*_, **__):
        raise Diverged("The loss stopped being a number.")

    monkeypatch.setattr(Session, "fit", fit)
    with pytest.raises(Diverged, match="No trial could be finished"):
        hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 2})


def test_frozen_features_are_recorded_once(found):
    assert sum(one.method.startswith("ridge-probe") for one in found[0].trials) > 1
    assert len([path for path in (found[1] / "cache").iterdir() if path.is_dir() or path.suffix]) <= 2


def test_methods_keep_what_was_given(tmp_path):
    given = [hs.methods.FineTune(norm="train", lr_decay=0.9), "ridge-probe"]
    record = hs.search(NETS["half"], VECTORS, out=tmp_path / "s", **{**FEW, "methods": given})
    tunings = [make(one.method) for one in record.trials if one.method.startswith("fine-tune")]
    assert tunings
    assert all((one.norm, one.lr_decay) == ("train", 0.9) for one in tunings)
    assert list(record.space["fine-tune:lr_decay=0.9,norm=train"]) == ["lr"]


def test_without_optuna(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingPackage, match=r"pip install .*optuna"):
        hs.search(NETS["half"], VECTORS, out=tmp_path / "s", **FEW)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"trials": 1}, BadInput, "trials"),
        ({"folds": 1}, BadInput, "folds"),
        ({"budget": 0.0}, BadInput, "budget"),
        ({"methods": "fine-tune"}, BadInput, "a list of methods"),
        ({"methods": ("finetune",)}, Unknown, "fine-tune"),
        ({"space": {"knn": {"k": (1, 3)}}}, Unknown, "method of the search"),
        ({"space": {"fine-tune": {"latest": (1, 3)}}}, Unknown, "'last'"),
        ({"space": {"ridge-probe": {"lr": (1e-3, 1e-2)}}}, Unknown, "'lr'"),
        ({"space": {"fine-tune": {"lr": (1e-2, 1e-3)}}}, BadInput, "must be larger"),
        ({"space": {"fine-tune": {"lr": (0.0, 1e-3)}}}, BadInput, "> 0"),
        ({"space": {"fine-tune": {"lr": "1e-3.."}}}, BadInput, "two numbers"),
        ({"space": {"fine-tune": {"norm": ["frozen"]}}}, BadInput, "values"),
        ({"space": {"fine-tune": {"norm": ["frozen", "warm"]}}}, BadInput, "'warm'"),
        ({"space": {"fine-tune": {"last": (1, 9)}}}, BadInput, "blocks"),
        ({"space": {"fine-tune": {"last": 3}}}, BadInput, "a pair"),
    ],
)
def test_what_can_not_be_searched(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        hs.search(NETS["half"], VECTORS, out=tmp_path / "s", **{**FEW, **options})
    assert not (tmp_path / "s").exists()


def test_bad_data_leaves_the_folder_as_it_was(tmp_path):
    with pytest.raises(BadData):
        hs.search(NETS["half"], (VECTORS[0], np.zeros(90, int)), out=tmp_path / "s", **FEW)
    assert not list((tmp_path / "s").glob("*"))
