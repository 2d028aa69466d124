"""A class of one example is learned from, and never tested."""

import json

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadData
from headstart.data.check import check

RNG = np.random.default_rng(0)
NAMES = np.array(["rare"] + ["low"] * 12 + ["high"] * 12)
PLACES = np.array([30.0] + [-6.0] * 12 + [6.0] * 12)
X = (RNG.normal(size=(25, 4)) + PLACES[:, None]).astype(np.float32)
METHODS = ("ridge-probe", "nearest-centroid", "logistic-probe", "knn", "fine-tune")


def test_it_is_learned_from_and_named(tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 2))
    done = hs.adapt(net, (X, NAMES), out=tmp_path / "run", methods=METHODS, epochs=3, folds=2, curve=False)
    record = json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))
    assert record["classes"] == ["high", "low", "rare"]
    (note,) = [note for note in record["notes"] if "rare" in note]
    assert note.startswith("1 class has one row alone: 'rare'. It is learned from and never tested")
    assert all(np.isfinite(one.scores["accuracy"].value) for one in done.result.candidates)
    model = hs.open(tmp_path / "run", backbone=net)
    assert model.probabilities(X).shape == (25, 3)
    told = hs.fit("nearest-centroid", net, (X, NAMES))
    assert told.predict(X[:1])[0].label == "rare"


def test_it_is_in_no_test_part_and_in_every_fold(tmp_path, monkeypatch):
    from headstart.session.session import Session

    learned, fit = [], Session.fit

    def watched(self, method, rows, *args, **more):
        learned.append(sorted({self.data.classes[label] for label in self.data.labels[rows]}))
        return fit(self, method, rows, *args, **more)

    monkeypatch.setattr(Session, "fit", watched)
    how = {"methods": ("ridge-probe",), "epochs": 1, "folds": 3, "curve": False}
    hs.adapt(nn.Identity(), (X, NAMES), out=tmp_path / "run", **how)
    assert len(learned) >= 4
    assert all("rare" in classes for classes in learned)


@pytest.mark.parametrize(
    "names", [["a", "b", "c"], ["a"] * 9 + ["b"], [str(n) for n in range(12)] + ["a"] * 9]
)
def test_what_can_not_be_tested_at_all_is_refused(names):
    data = hs.data.load((X[: len(names)], names))
    with pytest.raises(BadData, match="Too few readable rows"):
        check(data, untested=True)


def test_other_studies_refuse_it():
    with pytest.raises(BadData, match="Too few readable rows of the class 'rare'"):
        check(hs.data.load((X, NAMES)))
