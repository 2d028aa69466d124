"""A search among several backbones: the backbone is one more choice, and one alone is as it always was."""

from pathlib import Path

import pytest
from tests.study.rivals import NETS, vectors
from torch import nn

import headstart as hs
from headstart.core import BadInput, Unknown, make
from headstart.session.session import Session
from headstart.studies import build_page
from headstart.studies.search import Search
from headstart.studies.search.spaces import Configured, joint_space
from headstart.studies.search.trials import next_command

VECTORS = vectors()
FEW = {"methods": ("ridge-probe", "fine-tune"), "trials": 10, "folds": 2, "epochs": 1}
DEEP = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4))
BOTH = {"blind": NETS["blind"], "seeing": NETS["seeing"]}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A finished search among two backbones and its folder; not to be written to."""
    folder = tmp_path_factory.mktemp("search") / "whole"
    return hs.search(BOTH, VECTORS, out=folder, **FEW), folder


def test_each_backbone_is_tried_as_it_is_before_the_others_are_searched(found):
    record = found[0]
    first = [(trial.backbone, trial.method) for trial in record.trials[:4]]
    assert first == [
        ("blind", "ridge-probe"),
        ("blind", "from-scratch"),
        ("seeing", "ridge-probe"),
        ("blind", "fine-tune"),
    ]
    assert record.backbones == ["blind", "seeing"]
    assert {trial.backbone for trial in record.trials[4:]} <= set(BOTH)
    assert Search.read(found[1] / "search.json") == record


def test_the_one_that_sees_wins_and_is_the_backbone_of_the_record(found):
    record = found[0]
    assert record.best.backbone == record.backbone == "seeing"
    by = {(one.backbone, one.method): one.score for one in record.trials}
    assert by["seeing", "ridge-probe"] > by["blind", "ridge-probe"] + 0.2
    assert record.gain.value == pytest.approx(record.best.score - by["blind", "from-scratch"])


def test_a_trial_has_the_value_of_a_search_on_its_backbone_alone(found, tmp_path):
    alone = hs.search(NETS["seeing"], VECTORS, out=tmp_path / "s", **{**FEW, "trials": 2})
    assert alone.trials[0].folds == found[0].trials[2].folds
    assert (alone.trials[0].backbone, alone.backbones) == ("Net", ["Net"])


def test_a_list_of_one_is_that_one(tmp_path):
    how = {**FEW, "trials": 4}
    one, listed, named = (
        hs.search(given, VECTORS, out=tmp_path / str(number), **how)
        for number, given in enumerate((NETS["half"], [NETS["half"]], {"any": NETS["half"]}))
    )
    assert one == listed == named
    assert (tmp_path / "0" / "study.json").read_text() == (tmp_path / "1" / "study.json").read_text()


def test_interrupted_it_ends_in_the_same_bytes(found, monkeypatch, tmp_path):
    left, real = [7], Session.fit

    def fit(self, *words, **more):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(self, *words, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "fit", fit)
        with pytest.raises(KeyboardInterrupt):
            hs.search(BOTH, VECTORS, out=tmp_path / "s", **FEW)
    other = {**BOTH, "half": NETS["half"]}
    with pytest.raises(BadInput, match="it differs in the backbones"):
        hs.search(other, VECTORS, out=tmp_path / "s", resume=True, **FEW)
    hs.search(BOTH, VECTORS, out=tmp_path / "s", resume=True, **FEW)
    assert (tmp_path / "s" / "search.json").read_text() == (found[1] / "search.json").read_text()


def test_a_finite_space_has_each_backbone_once(tmp_path):
    """Two penalties beside the default on each of two backbones, and from scratch: 2 * 3 + 1."""
    space = {"ridge-probe": {"penalty": [0.1, 10.0]}}
    how = {"methods": ("ridge-probe",), "trials": 40, "folds": 2, "epochs": 1, "space": space}
    record = hs.search(BOTH, VECTORS, out=tmp_path / "s", **how)
    tried = [(one.backbone, one.method) for one in record.trials]
    assert len(tried) == len(set(tried)) == 7
    assert "All settings in the space were tried: 7. A wider space has more." in record.notes


def test_a_range_that_depends_on_the_backbone_is_its_own():
    methods = [make("fine-tune"), make("ridge-probe")]
    space = joint_space(methods, {}, {"small": 2, "large": 30})
    assert space.record()["fine-tune"]["last"] == "1..2 of small, 1..30 of large"
    assert space.record()["fine-tune"]["lr_decay"] == "0.5..1"
    names = []

    class Trial:
        def suggest_categorical(self, name, among):
            names.append(name)
            return {"backbone": "large", "method": "fine-tune"}[name]

        def suggest_int(self, name, low, high, log):
            names.append((name, low, high))
            return high

        def suggest_float(self, name, low, high, log):
            names.append(name)
            return low

    config = space.suggest(Trial(), lambda _name: None)
    assert names[:2] == ["backbone", "method"]
    assert ("large fine-tune.last", 1, 30) in names
    assert {"fine-tune.lr", "fine-tune.lr_decay"} < set(names)
    assert config.label == "large fine-tune:lr_decay=0.5,last=30 lr 0.0003"
    same = joint_space(methods, {}, {"small": 2, "twin": 2})
    assert same.record()["fine-tune"]["last"] == "1..2"
    assert same.untried({"small ridge-probe"})[0] == {"backbone": "small", "method": "fine-tune"}


def test_a_range_beyond_the_blocks_of_one_names_it(tmp_path):
    two = {"deep": DEEP, "seeing": NETS["seeing"]}
    with pytest.raises(BadInput, match="fine-tune: last goes to 9, and the backbone deep has"):
        hs.search(two, VECTORS, out=tmp_path / "s", **FEW, space={"fine-tune": {"last": (1, 9)}})
    with pytest.raises(BadInput, match="Two backbones are called 'Net'"):
        hs.search(list(BOTH.values()), VECTORS, out=tmp_path / "s", **FEW)
    with pytest.raises(Unknown, match="resnet99"):
        hs.search(["resnet18", "resnet99"], VECTORS, out=tmp_path / "s", **FEW)
    assert not (tmp_path / "s").exists()


def test_what_is_to_be_said_of_a_backbone_is_noted_with_its_name(tmp_path):
    how = {"methods": ("ridge-probe",), "trials": 2, "folds": 2}
    notes = hs.search({"seeing": NETS["seeing"], "deep": DEEP}, VECTORS, out=tmp_path / "s", **how).notes
    (note,) = [note for note in notes if "was taken for its classifier and cut off" in note]
    assert note.startswith("deep: ")


def test_page_and_terminal_say_which(found):
    record, folder = found
    page = build_page(folder).read_text("utf-8")
    assert "Ridge probe on seeing" in page
    assert "the best of 2" in page
    assert "blind, seeing" in page
    assert f"Best:   {record.method} on seeing, accuracy" in str(record)


def test_what_mattered_names_the_backbone():
    from headstart.studies.search.importance import weights

    trials = [("ridge-probe", {}, score) for score in (0.5, 0.5, 0.5, 0.9, 0.9, 0.9)]
    (weight,) = weights(trials, ["a", "a", "a", "b", "b", "b"])
    assert (weight.name, weight.figure, weight.best) == ("backbone", 1.0, "b")
    assert weights(trials, ["a"] * 6) == []


@pytest.mark.parametrize(
    ("more", "options", "kept"),
    [
        ("--backbone a --backbone b", "--backbone b", ""),
        ("--backbone a --backbone b --weights b=f", "--backbone b --weights f", ""),
        ("--backbone a", "", "--backbone a"),
    ],
)
def test_the_next_command_has_the_best_backbone_alone(more, options, kept):
    command, own = f"headstart search rows.csv {more} --trials 3", [*options.split(), "--method", "knn"]
    following = next_command(command, own, Path("s")).split()
    assert following == f"headstart adapt rows.csv {kept} {options} --method knn --out s-adapt".split()


def test_a_configuration_says_its_backbone():
    method = make("ridge-probe")
    assert Configured(method).label == "ridge-probe"
    assert Configured(method, None, "b").label == "b ridge-probe"
