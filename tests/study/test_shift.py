"""What is said of two domains, on toys whose truth is known; labels of the target are never read."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput, CannotWrite, Unknown
from headstart.data.load import load
from headstart.models.backbone import backbone
from headstart.records.record import Interval
from headstart.studies.shift import Shift, verdict
from headstart.studies.shift.quantities import of_arrays, of_pictures, of_texts
from headstart.studies.shift.verdict import Figures

N = 400


def normal(seed, *mean, rows=N):
    return np.random.default_rng(seed).normal(mean, 1.0, (rows, len(mean)))


def by_name(record):
    return {(one.name, one.kind): one for one in record.drift}


def test_two_samples_of_one_distribution():
    verdicts = []
    for seed in range(4):
        found = hs.shift(normal(seed, 0, 0, 0), normal(100 + seed, 0, 0, 0, rows=300), seed=seed)
        verdicts.append(found.verdict)
        assert found.auc.value == pytest.approx(0.5, abs=0.07)
        assert found.inside == pytest.approx(0.95, abs=0.05)
        assert found.effective > 0.85 * N
        assert found.distance < 0.4
        assert not any(one.drifted for one in found.drift)
    assert verdicts.count("none") >= 3
    assert "can hardly be distinguished" in found.headline


def test_one_deviation_apart():
    found = hs.shift(normal(0, 0, 0), normal(1, 1, 0), rows=N)
    assert found.auc.low < 0.760 < found.auc.high  # Phi(1 / sqrt 2)
    assert found.error == pytest.approx(0.309, abs=0.04)  # Phi(-1 / 2)
    assert found.distance == pytest.approx(2 * (1 - 2 * found.error))
    assert found.effective / N == pytest.approx(np.exp(-1), abs=0.15)
    assert found.mmd_p < 0.01
    assert found.verdict == "weights"
    assert [one.drifted for one in found.drift] == [True, False]
    assert found.drift[0].name == "column 0"
    assert found.drift[0].statistic == pytest.approx(0.383, abs=0.07)  # 2 Phi(1 / 2) - 1
    assert sum(found.source_scores) == pytest.approx(1)
    assert np.array(found.source_scores)[10:].sum() == pytest.approx(found.error, abs=0.05)


def test_the_sizes_of_the_domains_are_no_shift():
    found = hs.shift(normal(0, 0, 0), normal(1, 1, 0, rows=60))
    assert found.error == pytest.approx(0.309, abs=0.05)
    assert found.effective / N == pytest.approx(np.exp(-1), abs=0.15)
    assert np.mean(found.source_scores[:10]) > 0.05


def test_only_the_shares_of_the_classes_differ():
    rng = np.random.default_rng(0)
    y, z = (rng.random(600) < 0.5).astype(int), (rng.random(500) < 0.85).astype(int)
    source = (normal(1, 0, 0, rows=600) + 3 * y[:, None], np.array(["cat", "dog"])[y])
    found = hs.shift(source, normal(2, 0, 0, rows=500) + 3 * z[:, None])
    assert found.verdict == "labels"
    dog = found.labels.shares[1]
    assert dog.name == "dog"
    assert dog.source == pytest.approx(0.5, abs=0.06)
    assert dog.target.low < z.mean() < dog.target.high
    assert dog.target.high - dog.target.low < 0.15
    assert found.labels.known
    assert found.labels.auc.low <= 0.5 < found.auc.low
    assert found.next == ["headstart adapt source"]


def test_a_target_out_of_reach():
    found = hs.shift(normal(0, 0, 0), normal(1, 9, 0))
    assert found.verdict == "apart"
    assert found.inside == 0
    assert (found.auc.value, found.auc.high) == (1, 1)
    assert not any(one.inside for one in found.unlike)
    assert found.next == ["headstart align --source source --target target"]


def test_half_of_a_target_out_of_reach_and_its_rows_are_named():
    target = normal(1, 0, 0, rows=300)
    target[150:, 1] += 7
    found = hs.shift(normal(0, 0, 0), target)
    assert found.verdict == "partly"
    assert found.inside == pytest.approx(0.48, abs=0.05)
    named = [int(one.item.split()[1]) for one in found.unlike]
    assert len(named) == 12
    assert min(named) >= 150
    assert found.unlike[0].probability >= found.unlike[-1].probability > 0.9


@pytest.mark.parametrize("other", ["noise", "none", "one"])
def test_labels_of_the_target_are_never_read(other):
    rng = np.random.default_rng(0)
    source, x = (normal(0, 0, 0), rng.integers(0, 2, N)), normal(1, 0.5, 0)
    labels = {"noise": rng.integers(0, 9, N), "none": None, "one": np.zeros(N, int)}[other]
    truth = hs.shift(source, load((x, rng.integers(0, 2, N))))
    again = hs.shift(source, x if labels is None else (x, labels))
    assert replace(again, command="") == replace(truth, command="")


@pytest.fixture
def small(weights):
    return backbone(tiny.BACKBONE, weights=weights)


def test_class_folders_of_the_target_are_never_read(tmp_path, small):
    source = tiny.folders(tmp_path / "source", each=8)
    here = tiny.folders(tmp_path / "here", each=8)
    found = hs.shift(source, here, backbone=small, size=32)
    assert found.labels is None  # fewer than ten rows a class
    assert [note for note in found.notes if "fewer than 10" in note]
    assert found.verdict == "none"
    assert found.copies == 24
    assert found.features == tiny.BACKBONE
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in here.rglob("*.png"):
        (flat / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    again = hs.shift(source, flat, backbone=small, size=32)
    assert again.auc == found.auc
    assert again.unlike[0].picture == found.unlike[0].picture != ""


def test_darker_pictures_are_seen_as_such(tmp_path, small):
    source = load(tiny.folders(tmp_path / "source", each=10))
    dark = np.stack([np.asarray(source.picture(row)) // 2 for row in range(len(source))])
    found = hs.shift(source, dark, backbone=small, size=32)
    brightness = by_name(found)["brightness", "numbers"]
    assert brightness.drifted
    assert brightness.target == pytest.approx(brightness.source / 2, abs=0.01)
    assert not by_name(found)["width", "numbers"].drifted


def table(seed, shares, empty, age):
    rng = np.random.default_rng(seed)
    ages = rng.normal(age, 10, N).astype(object)
    ages[rng.random(N) < empty] = None
    return {"age": ages, "site": rng.choice(["a", "b", "c"], N, p=shares), "y": rng.integers(0, 2, N)}


def test_columns_names_and_empty_cells_of_tables():
    source = load(table(0, [0.6, 0.3, 0.1], 0.05, 40), label_column="y")
    target = table(1, [0.2, 0.3, 0.5], 0.3, 40)
    del target["y"]
    found = by_name(hs.shift(source, target))
    assert {key for key, one in found.items() if one.drifted} == {("site", "names"), ("age", "missing")}
    site, empty = found["site", "names"], found["age", "missing"]
    assert site.detail in ("a", "c")
    assert site.statistic == pytest.approx(0.4, abs=0.06)
    assert (empty.source, empty.target) == pytest.approx((0.05, 0.3), abs=0.05)


def test_a_name_that_only_the_target_has_is_seen():
    source = load({"site": ["a", "b"] * 100, "y": [0, 1] * 100}, label_column="y")
    found = hs.shift(source, {"site": ["c"] * 100})
    assert found.auc.value == 1
    assert found.unlike[0].text == "site = c"


def test_plain_quantities_by_hand():
    pictures = load((np.stack([np.zeros((8, 4), np.uint8), np.full((8, 4), 255, np.uint8)]), [0, 1]))
    found = of_pictures(pictures)
    assert found["brightness"] == pytest.approx([0, 1])
    assert found["sharpness"] == pytest.approx([0, 0])
    assert found["width / height"].tolist() == [0.5, 0.5]
    said = of_texts(["Ab 1!", "new"], ["ab 1", "x"], among=False)
    assert said["characters"].tolist() == [5, 3]
    assert said["share of capitals"].tolist() == [0.5, 0]
    assert said["share of digits"] == pytest.approx([0.2, 0])
    assert said["share of marks"] == pytest.approx([0.2, 0])
    assert said["share of new words"].tolist() == [0, 1]
    assert of_texts(["a b", "a c"], ["a b", "a c"], among=True)["share of new words"].tolist() == [0.5, 0.5]
    wide = of_arrays(np.arange(12.0).reshape(2, 2, 3))
    assert wide["mean"].tolist() == [2.5, 8.5]


def figures(auc=0.75, low=0.7, **more):
    given = {"mmd_p": 0.005, "drifted": 2, "quantities": 5, "inside": 0.9, "effective": 150.0}
    return Figures(Interval(auc, low, 0.8), **given | {"source_rows": 400, "target_rows": 300} | more)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (figures(0.51, 0.47, mmd_p=0.4, drifted=0), "none"),
        (figures(0.51, 0.5, mmd_p=0.01, drifted=0), "none"),
        (figures(0.51, 0.47, mmd_p=0.009, drifted=0), "slight"),
        (figures(0.51, 0.47, mmd_p=0.4, drifted=1), "slight"),
        (figures(0.55, 0.51), "slight"),
        (figures(0.55, 0.51, inside=0.5), "partly"),
        (figures(), "weights"),
        (figures(inside=0.8), "weights"),
        (figures(inside=0.79), "partly"),
        (figures(inside=0.2), "partly"),
        (figures(inside=0.19), "apart"),
        (figures(effective=39.0), "apart"),
        (figures(effective=40.0), "weights"),
        (figures(effective=29.0, source_rows=200), "apart"),
        (figures(effective=20.0, source_rows=40), "weights"),
        (figures(moved=0.3, at_shares=Interval(0.51, 0.48, 0.54)), "labels"),
        (figures(moved=0.04, at_shares=Interval(0.51, 0.48, 0.54)), "weights"),
        (figures(moved=0.3, at_shares=Interval(0.6, 0.56, 0.64)), "weights"),
        (figures(moved=0.3, at_shares=None), "weights"),
        (figures(0.98, 0.97, inside=1.0, effective=7.0, width=1280), "apart"),
        (figures(0.98, 0.97, inside=0.1, width=1280), "apart"),
    ],
)
def test_verdicts_follow_the_figures(found, says):
    assert verdict.verdict(found) == says


def test_sentences_follow_the_verdict():
    partly = figures(0.93, 0.9, inside=0.71)
    assert verdict.headline(partly) == (
        "The target differs (AUC 0.93); 71 % of its rows lie where the source has rows: weights can help for "
        "those, alignment or translation for the rest."
    )
    assert "does so easily: AUC 0.930 (0.900 to 0.800" in verdict.sentences(partly)[0]
    assert verdict.commands(partly, "a b", "c") == ["headstart align --source 'a b' --target c"]
    assert "weights would leave 9 of 400" in verdict.headline(figures(effective=9.0))
    assert "only 3 %" in verdict.headline(figures(inside=0.03))
    wide = figures(0.98, 0.97, inside=1.0, width=1280)  # a high share is a finding in few columns alone
    told = [verdict.headline(wide), *verdict.sentences(wide)]
    assert not any("100 %" in sentence for sentence in told)
    assert "weighted to be like it, the source is worth 150 of 400 rows" in told[0]
    assert "100 %" in verdict.headline(figures(0.98, 0.97, inside=1.0, width=5))
    assert "only 10 %" in verdict.headline(figures(0.98, 0.97, inside=0.1, width=1280))
    assert verdict.warnings(figures(target_rows=12))[0].startswith("The target has 12 rows")
    assert verdict.warnings(figures()) == []


def test_no_more_rows_than_asked_for_and_the_same_ones(tmp_path):
    source, target = normal(0, 0, 0), normal(1, 1, 0)
    found = hs.shift(source, target, rows=50, seed=3, out=tmp_path / "out")
    assert (found.source_rows, found.source_taken, found.target_taken) == (N, 50, 50)
    assert "Of 400 rows of arrays, 50 drawn at random were used." in found.notes
    assert hs.shift(source, target, rows=50, seed=3) == found
    assert hs.shift(source, target, rows=50, seed=4).auc != found.auc
    read = Shift.read(tmp_path / "out" / "shift.json")
    assert read == found
    assert json.loads(found.to_json()) == json.loads(json.dumps(asdict(found)))


def test_a_source_without_labels_will_do():
    found = hs.shift(["a good film", "a bad film", "so so", "not at all"], ["a talk", "on tax", "so so"])
    assert found.labels is None
    assert found.kind == "texts"
    assert found.copies == 1
    assert any("3 rows" in note for note in found.notes)


def test_what_is_refused(tmp_path):
    x = normal(0, 0, 0)
    with pytest.raises(BadData, match="one row"):
        hs.shift(x, x[:1])
    with pytest.raises(BadData, match="no rows"):
        hs.shift(x, x[:0])
    with pytest.raises(BadData, match="2 and 3 columns"):
        hs.shift(x, normal(0, 0, 0, 0))
    with pytest.raises(BadData, match="belong together"):
        hs.shift(load((x, np.arange(N) % 2), groups=[1] * N), x)
    with pytest.raises(BadInput, match="rows is"):
        hs.shift(x, x, rows=5)
    with pytest.raises(Unknown, match="row"):
        hs.shift(x, x, row=50)
    (tmp_path / "full").write_text("")
    with pytest.raises(CannotWrite):
        hs.shift(x, x, out=tmp_path)


def test_source_rows_without_a_label_are_compared_and_tell_no_share_of_classes():
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    x = rng.normal(0, 1, N) + 3 * y
    label = [None if row % 4 == 3 else "ab"[y[row]] for row in range(N)]  # half of the second class has none
    few = {"x": (rng.normal(0, 1, 200) + 3 * (np.arange(200) % 4 > 0)).tolist()}
    found = hs.shift({"x": x.tolist(), "label": label}, few, rows=N)
    assert found.source_rows == N
    assert [round(one.source, 2) for one in found.labels.shares] == [0.67, 0.33]
    assert [one.target.value for one in found.labels.shares] == pytest.approx([0.25, 0.75], abs=0.1)
    assert any("100 rows have no label" in note and "count as unlabelled" in note for note in found.notes)
