"""The judge of streams: figures by hand, labels that only it reads, and the same record for the same seed."""

import numpy as np
import pytest
import torch
from tests.study.streams import CLASSES, SIDE, rows, trained

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.data.streams import Segment
from headstart.models.classifier import classifier
from headstart.studies.stream import POINTS
from headstart.studies.stream.prequential import PrequentialScore


@pytest.fixture(scope="module")
def model():
    return classifier(trained(), example=torch.zeros(2, 1, SIDE, SIDE))


def segments(*sizes, shift=0.0):
    found = []
    for number, size in enumerate(sizes):
        x, y = rows(size, 70 + number)
        found.append(Segment(f"part {number + 1}", 0.3 * x + shift, y.numpy()))
    return found


def outputs(answers, classes=3):
    return 9.0 * torch.nn.functional.one_hot(torch.tensor(answers), classes)


def test_a_score_by_hand():
    score = PrequentialScore(["a", "b"], ["x", "y", "z"], 6)
    score.add(outputs([0, 1, 2, 2]), np.array([0, 0, 0, 1]), np.array([0, 1, 1, 2]))
    score.add(outputs([2, 2]), np.array([1, 1]), np.array([0, 2]))
    assert score.accuracy().value == pytest.approx(4 / 6)
    first, second = score.parts()
    assert (first.segment, first.rows, first.accuracy.value) == ("a", 3, pytest.approx(2 / 3))
    assert (second.top_class, second.top_share, second.accuracy.value) == ("z", 1.0, pytest.approx(2 / 3))
    assert [(p.rows, p.accuracy, p.recent) for p in score.curve()] == [(4, 0.75, 0.75), (6, 4 / 6, 0.5)]
    sure = float(torch.tensor([9.0, 0, 0]).softmax(0)[0])
    assert score.curve()[0].confidence == pytest.approx(sure)


def test_gains_are_paired_and_draw_whole_batches():
    ours, theirs = (PrequentialScore(["a"], ["x", "y"], 400) for _ in range(2))
    zeros = np.zeros(10, np.int64)
    for k in range(40):  # ours is right everywhere, theirs in every second batch
        ours.add(outputs([0] * 10, 2), zeros, zeros)
        theirs.add(outputs([k % 2] * 10, 2), zeros, zeros)
    better = ours.gain(theirs)
    assert better.value == 0.5
    assert better.low == pytest.approx(0.34, abs=0.03)  # sd of a mean of 40 halves: 0.079; of 400 rows: 0.025
    assert better.high == pytest.approx(0.66, abs=0.03)
    assert ours.gain(ours) == type(better)(0.0, 0.0, 0.0)


def test_it_equals_a_stream_that_is_judged_by_hand(model):
    parts = segments(50, 33)
    found = hs.prequential("tent:lr=0.05", model, parts, batch=16, seed=0, protect=False)
    x, y = torch.cat([p.x for p in parts]), np.concatenate([p.y for p in parts])
    s = hs.stream("tent:lr=0.05", model, protect=False)
    hits = np.concatenate(
        [(s(part).outputs.argmax(1).numpy() == y[16 * k : 16 * k + 16]) for k, part in enumerate(x.split(16))]
    )
    mine = found.methods[0]
    assert mine.accuracy.value == pytest.approx(hits.mean())
    s.reset()
    sure = [float(s(part).probabilities.amax(1).mean()) for part in x.split(16)]
    assert [point.confidence for point in mine.curve] == pytest.approx(sure, rel=1e-5)
    assert [part.accuracy.value for part in mine.segments] == [
        pytest.approx(hits[:50].mean()),
        pytest.approx(hits[50:].mean()),
    ]
    source = found.method("source")
    assert source.accuracy.value == pytest.approx((model(x).argmax(1).numpy() == y).mean())
    assert [one.name for one in found.methods] == ["tent:lr=0.05", "source", "norm"]
    assert mine.gains["source"].value == pytest.approx(mine.accuracy.value - source.accuracy.value)
    assert found.table().splitlines()[0].split() == ["part", "1", "part", "2", "all"]


def test_norm_helps_where_the_shift_is_one_of_scale(model):
    found = hs.prequential("tent", model, segments(200, shift=2.0), batch=32, protect=False)
    assert found.method("source").accuracy.value < 0.6
    assert found.method("norm").accuracy.value > 0.9
    assert found.methods[0].gains["source"].low > 0.2


def test_no_method_sees_a_label_and_the_same_seed_gives_the_same_record(model):
    parts = segments(40, 24)
    first = hs.prequential(["tent:lr=0.05", "sar"], model, parts, batch=16, seed=5, protect=False)
    assert (
        hs.prequential(["tent:lr=0.05", "sar"], model, parts, batch=16, seed=5, protect=False).to_json()
        == first.to_json()
    )
    poisoned = [Segment(p.name, p.x, (p.y + 1) % CLASSES) for p in parts]
    other = hs.prequential(["tent:lr=0.05", "sar"], model, poisoned, batch=16, seed=5, protect=False)
    for a, b in zip(first.methods, other.methods, strict=True):
        assert [p.top_share for p in a.segments] == [p.top_share for p in b.segments]
        assert [p.confidence for p in a.curve] == [p.confidence for p in b.curve]
        assert a.accuracy != b.accuracy


def test_without_labels_there_is_no_accuracy_and_curves_are_short(model):
    x, _ = rows(900, 1)
    found = hs.prequential(
        "norm:statistics=running", model, [Segment("all", x, None)], batch=4, protect=False
    )
    one = found.methods[0]
    assert not found.labelled
    assert one.accuracy is None
    assert one.gains == {}
    assert 100 <= len(one.curve) <= POINTS
    assert one.curve[-1].rows == 900
    assert type(found).read is not None
    assert found.table().splitlines()[1].endswith("-")


def test_the_record_reads_back(model, tmp_path):
    found = hs.prequential("tent:lr=0.9", model, segments(80), batch=16, protect=False)
    (tmp_path / "r.json").write_text(found.to_json())
    assert hs.Prequential.read(tmp_path / "r.json") == found


@pytest.mark.parametrize(
    ("more", "kind", "says"),
    [
        ({"batch": 0}, BadInput, "batch"),
        ({"methods": []}, BadInput, "one at least"),
        ({"methods": ["tent", "tent"]}, BadInput, "names of their own"),
        ({"methods": "source"}, BadInput, "does not adapt"),
        ({"segments": []}, BadData, "no rows"),
        ({"segments": "scans"}, BadInput, "'scans'; it must be a list of parts"),
        ({"y": [9] * 6}, BadData, "a class that the model lacks: '9'"),
        ({"y": [0] * 5}, BadData, "must be names or whole"),
        ({"y": [0.5] * 6}, BadData, "float64"),
        (
            {"segments": [Segment("a", rows(3, 1)[0], None), *segments(4)]},
            BadData,
            "some have",
        ),
    ],
)
def test_bad_contests_are_refused(model, more, kind, says):
    y = more.pop("y", None)
    parts = segments(6) if y is None else [Segment("a", rows(6, 1)[0], np.array(y))]
    given = {"methods": "tent", "segments": parts, **more}
    with pytest.raises(kind, match=says):
        hs.prequential(model=model, **given, protect=False)


def test_arrays_in_place_of_segments_are_named_by_their_type(model):
    x, y = rows(8, 3)
    with pytest.raises(
        BadInput, match=r"^segments is a tuple; it must be a list of parts as hs\.data\.streams"
    ):
        hs.prequential("norm", model, (x, y), protect=False)


def test_a_stream_of_a_table_is_read_by_the_model_s_columns():
    """Columns in another order, numbers as texts, and the classes in another order and by name."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=80), rng.choice(["u", "v"], 80)
    y = np.where(a > 0, "warm", "cold")
    fitted = hs.fit(hs.methods.LogisticProbe(), "table", hs.data.load({"a": a, "b": b, "label": y}))
    new = hs.data.load({"b": b[:40], "a": [str(value) for value in a[:40]], "label": y[:40]})
    parts = hs.data.streams.recurring(new, [None], repeats=1)
    labels = [row.label for row in fitted.predict({"a": a[:40], "b": b[:40]})]
    right = np.mean(np.array(labels) == y[:40])
    assert right > 0.9
    record = hs.prequential("lame", fitted, parts, batch=16, compare=("source",), protect=False)
    assert {one.name: one.accuracy.value for one in record.methods}["source"] == pytest.approx(right)
