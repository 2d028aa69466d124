"""Ranking: the scores are those of the features, the rows those of the training part, and good ones win."""

import json

import numpy as np
import pytest
import torch
from tests.study import tiny
from tests.study.rivals import NETS, Net, vectors

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch, Unknown
from headstart.data.check import check
from headstart.data.load import load
from headstart.metrics.agreement import linear_cka
from headstart.metrics.transferability import h_score, knn_accuracy, leep, logme, nce
from headstart.run.progress import Progress
from headstart.studies.rank import RankedBackbone, Ranking, run

VECTORS = vectors()


@pytest.fixture
def part(judged, tmp_path):
    """The rows that `adapt` trains on."""
    hs.adapt(NETS["half"], VECTORS, out=tmp_path / "run", methods=("ridge-probe",), **tiny.QUICK)
    return judged[0][0]


def test_the_scores_are_those_of_the_features_of_thetraining_part(part):
    scores = ("knn", "logme", "h-score", "leep", "nce", "cka")
    found = hs.rank(NETS, VECTORS, scores=scores)
    assert (found.rows, found.held_out, found.classes, found.tuned) == (len(part), 0, 3, "")
    x, y = torch.from_numpy(part.array), part.labels
    with torch.no_grad():
        features = {name: net.body(x) for name, net in NETS.items()}
        source = {name: net(x).double().softmax(1) for name, net in NETS.items()}
    for one in found.table:
        mine, own = features[one.backbone], source[one.backbone]
        expected = (
            knn_accuracy(mine, y),
            logme(mine, y),
            h_score(mine, y),
            leep(own, y),
            nce(own.argmax(1), y),
            linear_cka(mine, features["blind"]),
        )
        assert list(one.scores.values()) == pytest.approx(expected, abs=1e-5)
        assert (one.width, one.parameters, one.weights, one.accuracy) == (5, 45, "own", None)
    assert list(one.scores) == list(scores)
    assert found.agreement == {}
    assert found.notes == []


def test_what_sees_the_class_is_on_top_and_the_first_score_orders():
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    data = rng.normal(size=(90, 8)).astype(np.float32) + 2 * np.eye(8, dtype=np.float32)[y], y
    found = hs.rank(NETS, data)
    assert [one.backbone for one in found.table] == ["seeing", "half", "blind"]
    assert found.best == "seeing"
    by = [one.scores["logme"] for one in found.table]
    assert by == sorted(by, reverse=True)
    by = [one.scores["nce"] for one in hs.rank(NETS, data, scores=("nce", "logme")).table]
    assert by == sorted(by, reverse=True)


def test_tuning_tells_the_accuracy_on_rows_that_no_score_has_seen(monkeypatch):
    from headstart.session.session import Session

    fits = []
    real = Session.fit

    def spy(self, method, rows, recipe, **more):
        fits.append((method.about.name, set(rows.tolist())))
        return real(self, method, rows, recipe, **more)

    monkeypatch.setattr(Session, "fit", spy)
    found = hs.rank(NETS, VECTORS, scores=("logme", "leep"), tune="ridge-probe", folds=4)
    assert found.rows + found.held_out == 72
    assert found.held_out == 18
    assert all(len(rows) == 54 for _, rows in fits)
    assert [name for name, _ in fits] == ["nearest-centroid", "ridge-probe"] * 3
    accuracies = {one.backbone: one.accuracy for one in found.table}
    assert accuracies["seeing"].value > accuracies["half"].value > accuracies["blind"].value
    assert accuracies["seeing"].low < accuracies["seeing"].value < accuracies["seeing"].high
    assert found.agreement["logme"] == 1
    assert found.agreement == found.agreement_with({name: one.value for name, one in accuracies.items()})


def test_a_training_is_as_long_as_asked_for():
    steps = []

    class Watched(Progress):
        def watch(self, ticks, run):
            if run.optimisers:
                steps.append(run.recipe.steps)
            return super().watch(ticks, run)

    net = {"seeing": NETS["seeing"]}
    hs.rank(net, VECTORS, scores=("knn",), tune="fine-tune", epochs=2, batch=29, progress=Watched())
    assert steps == [4]  # two epochs of 58 rows
    found = hs.rank(net, VECTORS, scores=("knn",), tune=hs.methods.FineTune(), epochs=1)
    assert found.tuned == "fine-tune"


def test_a_loss_that_is_no_number_is_said():
    found = hs.rank(NETS, VECTORS, scores=("logme",), tune="fine-tune", lr=1e30, epochs=9)
    assert [one.accuracy for one in found.table] == [None] * 3
    assert found.agreement == {"logme": None}
    assert "seeing has no accuracy" in " ".join(found.notes)


def test_the_same_again_reads_the_cache_and_the_callers_modules_stay(tmp_path):
    nets = {"seeing": Net(0).train()}
    before = {name: value.clone() for name, value in nets["seeing"].state_dict().items()}
    first = hs.rank(nets, VECTORS, cache=tmp_path)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    again = hs.rank(nets, VECTORS, cache=tmp_path)
    assert len(files) == 2
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert again.table[0].scores == first.table[0].scores
    assert all(torch.equal(before[name], value) for name, value in nets["seeing"].state_dict().items())
    assert nets["seeing"].training


def test_the_users_test_rows_take_no_part(tmp_path, pictures):
    rows = ["path,label,split"]
    for number, path in enumerate(sorted(pictures.rglob("*.png"))):
        rows.append(f"{path},{path.parent.name},{'test' if number % 3 == 0 else 'train'}")
    (tmp_path / "t.csv").write_text("\n".join(rows))
    data = load(tmp_path / "t.csv", split_column="split")
    found = hs.rank([(tiny.BACKBONE, "random")], data, scores=("knn",), size=32)
    assert found.rows == sum(side == "train" for side in check(data).dataset.split) == 24


# --- mistakes and records


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"scores": ["logm"]}, Unknown, "score is called 'logm'. Did you mean 'logme'"),
        ({"scores": "logme"}, BadInput, "a list of scores"),
        ({"scores": []}, BadInput, "one or more of logme"),
        ({"tune": "ridge"}, Unknown, "ridge-probe"),
        ({"test": 1.0}, BadInput, "test is 1.0"),
    ],
)
def test_options_that_can_not_be(options, kind, words):
    with pytest.raises(kind, match=words):
        hs.rank(NETS, VECTORS, **options)


def test_data_and_weights_that_do_not_fit(pictures, weights):
    with pytest.raises(BadData, match="takes pictures"):
        hs.rank([(tiny.BACKBONE, weights)], VECTORS)
    with pytest.raises(Mismatch):
        hs.rank([("resnet18", weights)], pictures)


def test_features_that_are_no_numbers_name_the_backbone():
    class Broken(Net):
        def forward(self, x):
            return self.head(self.body(x) / (self.body(x) - self.body(x)))

    with pytest.raises(BadData, match=r"broken: 72 of 72 rows of features hold NaN"):
        hs.rank({"broken": Broken()}, VECTORS, scores=("logme",))


HEAD = {"schema": 2, "headstart": "0", "command": "", "settings": {}, "seed": 0, "versions": {}, "notes": []}
HEAD |= {"agreement": {}, "metric": "accuracy"}


def ranked(name, score):
    return RankedBackbone(name, "own", 1, 1, 0.0, {"logme": score}, None)


def test_known_accuracies_of_some():
    table = [ranked("a", 3.0), ranked("b", 2.0), ranked("c", None), ranked("d", 1.0)]
    found = Ranking(**HEAD, task="t", classes=2, rows=9, held_out=0, scores=["logme"], tuned="", table=table)
    assert found.agreement_with({"a": 0.9, "b": 0.8, "c": 0.1, "z": 0.5}) == {"logme": 1}
    assert found.agreement_with({"a": 0.1, "b": 0.8}) == {"logme": -1}
    assert found.agreement_with({"a": 0.1}) == found.agreement_with({}) == {"logme": None}


def test_a_record_is_read_as_it_was_written(tmp_path):
    found = hs.rank(NETS, VECTORS, scores=("logme",), tune="ridge-probe")
    again = hs.rank(NETS, VECTORS, scores=("logme",), tune="ridge-probe", out=tmp_path / "out")
    assert Ranking.read(tmp_path / "out" / "rank.json") == again
    assert [row.scores for row in again.table] == [row.scores for row in found.table]
    assert json.loads(again.to_json())["table"][0]["backbone"] == "seeing"
    assert (again.schema, again.seed, again.settings["tune"]) == (2, 0, "ridge-probe")


def test_a_ranking_that_was_interrupted_goes_on(tmp_path, monkeypatch):
    options = {"scores": ("logme", "cka"), "tune": "fine-tune", "epochs": 1}
    whole = hs.rank(NETS, VECTORS, **options)
    real, fitted = run.main_score, []

    def stopped(*arguments):
        if len(fitted) == 1:
            raise KeyboardInterrupt
        fitted.append(real(*arguments))
        return fitted[-1]

    monkeypatch.setattr(run, "main_score", stopped)
    with pytest.raises(KeyboardInterrupt):
        hs.rank(NETS, VECTORS, out=tmp_path / "out", **options)
    monkeypatch.setattr(run, "main_score", lambda *arguments: fitted.append(0) or real(*arguments))
    resumed = hs.rank(NETS, VECTORS, out=tmp_path / "out", resume=True, **options)
    assert len(fitted) == len(NETS)
    assert [(row.scores, row.accuracy) for row in resumed.table] == [
        (row.scores, row.accuracy) for row in whole.table
    ]
    with pytest.raises(BadInput, match="the backbones"):
        hs.rank({**NETS, "seeing": Net(2)}, VECTORS, out=tmp_path / "out", resume=True, **options)
