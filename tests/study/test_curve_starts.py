"""Size curves from several starts: pre-trained once a seed, never on a test row, paired, resumed, savings."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests.study.experiments import Ctrl, made, rows, spied

import headstart as hs
from headstart.cli.options import _numbers
from headstart.core import BadData, BadInput
from headstart.records.record import Interval
from headstart.run.progress import Progress
from headstart.studies._page import build_page
from headstart.studies._spec import terminal_of
from headstart.studies.curve import CurvePoint, CurveSettings, CurveStart, SizeCurve
from headstart.studies.curve.page import view
from headstart.studies.curve.page_savings import describe_savings
from headstart.studies.curve.pretrained import Pretrained
from headstart.studies.curve.savings import labels_for, savings
from headstart.studies.curve.starts import Start

METHODS = ("nearest-centroid", "fine-tune")
SIMCLR = "simclr:steps=6,hidden=8,out=4"
SMALL = {
    "methods": METHODS,
    "labels_per_class": (1, 4),
    "seeds": 2,
    "epochs": 1,
    "steps": 4,
    "pretrain": [SIMCLR],
    "pretrain_epochs": 2,
}
UPSTREAM = rows(classes=4, each=12, seed=7)
LABELS = ["given", "scratch", SIMCLR, "supervised-pretraining upstream", f"{SIMCLR} upstream"]


@pytest.fixture(scope="module")
def base():
    return made()


@pytest.fixture(scope="module")
def whole(base, tmp_path_factory):
    """The folder of a curve from all kinds of starts."""
    out = tmp_path_factory.mktemp("whole") / "run"
    hs.curve(base, rows(), upstream=UPSTREAM, out=out, **SMALL)
    return out


@pytest.fixture(scope="module")
def found(whole):
    return SizeCurve.read(whole / "curve.json")


def test_every_method_learns_from_every_start(found):
    assert [start.label for start in found.starts] == LABELS
    assert [start.rows for start in found.starts] == [0, 0, 48, 48, 48]
    assert [(p.start, p.method) for p in found.points[::2]] == [(s, m) for s in LABELS for m in METHODS]
    assert all(point.seeds == [0, 1] for point in found.points)


def test_gains_are_paired_with_the_same_method_from_the_first_start(found):
    for start in LABELS:
        for method in METHODS:
            for point, first in zip(found.of(method, start), found.of(method, "given"), strict=True):
                if start == "given":
                    assert point.gain is None
                else:
                    gains = np.subtract(point.score, first.score)
                    assert point.gain.value == pytest.approx(gains.mean())


def test_each_start_is_pre_trained_once_a_seed_and_on_no_test_row(base, monkeypatch):
    seen = spied(monkeypatch)
    found = hs.curve(base, rows(), upstream=UPSTREAM, **SMALL)
    learned = [one for one in seen if one[1].about.name == "simclr" or len(one[0].data.classes) == 4]
    assert len(learned) == 2 * 3
    on_data = [(session, some) for session, _, some, _, _ in learned if len(session.data.classes) == 3]
    assert [len(some) for _, some in on_data] == [found.train_rows] * 2
    tuned = [session for session, method, *_ in seen if method.about.name == "fine-tune"]
    held = set(range(60)) - set(on_data[0][1].tolist())
    assert len(held) == found.test_rows == 12
    weights = {tuple(next(session.backbone.parameters()).flatten().tolist()) for session in tuned}
    assert len(weights) == 1 + 2 + 3 * 2  # given, and with each seed scratch and what was pre-trained
    assert learned[0][3].seed != learned[3][3].seed


def test_methods_begin_with_what_was_pre_trained(base, monkeypatch):
    seen = spied(monkeypatch)
    hs.curve(base, rows(), **SMALL | {"seeds": 1, "labels_per_class": [1]})
    (made_of,) = (fitted.model.backbone for _, method, _, _, fitted in seen if method.about.name == "simclr")
    begun = [session.backbone for session, method, *_ in seen if method.about.name == "nearest-centroid"]
    assert len(begun) == 3  # given, scratch, simclr
    for name, value in made_of.state_dict().items():
        assert torch.equal(value, begun[2].state_dict()[name])
    assert not torch.equal(next(begun[0].parameters()), next(begun[1].parameters()))


def test_from_scratch_all_learns_at_the_full_rate(base, monkeypatch):
    seen = spied(monkeypatch)
    hs.curve(base, rows(), **SMALL | {"seeds": 1, "labels_per_class": [1], "methods": ["fine-tune"]})
    rates = [(method.backbone_lr, method.norm) for _, method, *_ in seen if method.about.name == "fine-tune"]
    assert rates == [(0.1, "frozen"), (1.0, "train"), (0.1, "frozen")]


@pytest.mark.parametrize("number", [1, 3, 9])
def test_interrupted_and_resumed_to_the_same_bytes(base, tmp_path, number, whole):
    progress, out = Progress(), tmp_path / "run"
    progress.watch = Ctrl(number).watch
    with pytest.raises(KeyboardInterrupt):
        hs.curve(base, rows(), upstream=UPSTREAM, out=out, progress=progress, **SMALL)
    assert not (out / "curve.json").exists()
    hs.curve(base, rows(), upstream=UPSTREAM, out=out, resume=True, **SMALL)
    assert (out / "curve.json").read_bytes() == (whole / "curve.json").read_bytes()


def test_without_time_a_seed_is_left_out_with_its_pre_training(base):
    found = hs.curve(base, rows(), budget=1e-3, **SMALL)
    assert found.notes[-1].startswith("Left out, as a budget") or any("Left out" in n for n in found.notes)
    assert {seed for point in found.points for seed in point.seeds} <= {0}


def test_a_backbone_that_has_learned_nothing_begins_with_random_weights_of_each_seed():
    x = np.random.default_rng(0).normal(size=(40, 1, 8, 8)).astype(np.float32)
    settings = {"methods": ["nearest-centroid"], "labels_per_class": [2, "all"], "seeds": 2, "seed": 1}
    found = hs.curve("small-convnet", (x, [0, 1] * 20), pretrain=["simclr:steps=2"], **settings)
    assert [start.label for start in found.starts] == ["scratch", "simclr:steps=2"]
    assert found.labels_per_class == [2, 16]
    assert found.all_rows


def test_all_rows_are_the_training_part_whatever_its_shares(base, monkeypatch):
    seen = spied(monkeypatch)
    x, y = rows()
    y = np.where(np.arange(60) < 30, 0, y)
    found = hs.curve(base, (x, y), **SMALL | {"labels_per_class": [2, "all"], "pretrain": ()})
    assert found.labels_per_class == [2, 16]
    assert {len(some) for _, _, some, _, _ in seen} == {6, found.train_rows} == {6, 48}


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"pretrain": ["fine-tune"]}, BadInput, "fine-tune does not pre-train. Those that do: "),
        ({"pretrain": ["supervised-pretraining"]}, BadInput, "with upstream="),
        ({"pretrain_upstream": ["simclr"]}, BadInput, "there are none: give upstream="),
        ({"upstream": (np.zeros((8, 5)), [0, 1] * 4)}, BadData, "can't take both tasks"),
        ({"labels_per_class": ["all", 2]}, BadInput, "'all' as the last"),
    ],
)
def test_what_can_t_be_done_is_named(base, options, kind, said, tmp_path):
    with pytest.raises(kind) as caught:
        hs.curve(base, rows(), out=tmp_path / "run", **options)
    assert said in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_all_is_read_from_the_command_line():
    assert _numbers("labels", "1, 5,all", ("all",)) == (1, 5, "all")
    with pytest.raises(BadInput, match=r"write whole numbers with commas between them, as in 1,2,5\."):
        _numbers("labels", "1,all")
    with pytest.raises(BadInput, match=r"'1,most'; write whole numbers or all with .*, as in 1,2,5,all\."):
        _numbers("labels", "1,most", ("all",))


def point(start, labels, mean, gain=None):
    return CurvePoint("m", "M", labels, [0], [mean], mean, None, gain, start)


CURVE = [(1, 0.4), (10, 0.6), (100, 0.8)]


def test_labels_by_hand():
    """Half-way between 1 and 10 labels is their geometric mean, 3.16; of errors lower ones are better."""
    assert labels_for(CURVE, 0.5, "accuracy") == pytest.approx(math.sqrt(10))
    assert labels_for(CURVE, 0.75, "accuracy") == pytest.approx(10**1.75)
    assert labels_for(CURVE, 0.3, "accuracy") == 1
    assert labels_for(CURVE, 0.9, "accuracy") is None
    assert labels_for([(1, 4.0), (10, 2.0)], 3.0, "rmse") == pytest.approx(math.sqrt(10))


def test_savings_by_hand():
    """.4 and a gain of .1 (.05 to .5) are .5 (.45 to .9): 3.16 labels (1.78 to more than 100)."""
    base = [point("scratch", k, mean) for k, mean in CURVE]
    own = [
        point("simclr", 1, 0.5, Interval(0.1, 0.05, 0.5)),
        point("simclr", 10, 0.5, Interval(-0.1, -0.3, 0.1)),
    ]
    few, more = savings([*base, *own], "scratch", ["simclr"], "accuracy")
    assert (few.equals, few.low) == pytest.approx((10**0.5, 10**0.25))
    assert (few.high, few.clear) == (None, True)
    assert (more.low, more.equals, more.high) == pytest.approx((1, 10**0.5, 10**1.5))
    assert not more.clear


def test_a_dip_of_the_first_start_makes_no_saving_negative():
    base = [point("scratch", 1, 0.7), point("scratch", 10, 0.5), point("scratch", 100, 0.9)]
    (one,) = savings([*base, point("s", 10, 0.6, Interval(0.1, 0.05, 0.2))], "scratch", ["s"], "accuracy")
    assert one.equals == pytest.approx(10**1.25)


def test_the_page_tells_starts_methods_and_savings(found, whole):
    shown = view(found)
    assert [style for style, _ in shown["legend"][:6]] == [
        "s1 d1",
        "s2 d1",
        "s3 d1",
        "s4 d1",
        "s5 d1",
        "s1 d2",
    ]
    assert len(shown["say"]) == 3 * 2
    assert shown["more"][0]["heading"] == "Labels saved"
    text = build_page(whole).read_text()
    assert "once with every seed" in text
    assert terminal_of(found).headings == ["method", "1 label", "4 labels"]


def test_the_sentence_of_a_saving():
    base = [point("scratch", k, mean) for k, mean in CURVE]
    own = [point("s", k, mean + 0.1, Interval(0.1, 0.05, 0.5)) for k, mean in CURVE]
    points = [*base, *own]
    starts = [CurveStart("scratch", "Random weights", "", 0), CurveStart("s", "SimCLR", "digits", 9)]
    record = SimpleNamespace(
        labels_per_class=[1, 10, 100],
        starts=starts,
        points=points,
        savings=list(savings(points, "scratch", ["s"], "accuracy")),
    )
    (said,) = describe_savings(record, " a class")
    assert said == "M with 10 labels a class is as good as random weights with 32 (18 to more than 100)."


@pytest.mark.parametrize(
    ("tokens", "learned", "rate"), [(1, True, 1e-4), (1, False, 0.002), (None, True, 0.002)]
)
def test_a_network_of_texts_that_has_learned_goes_on_at_a_low_rate(tokens, learned, rate):
    """Also in a curve, whose rate is that of its other trainings."""
    backbone = SimpleNamespace(tokens=tokens, learned=learned)
    start = Start("simclr", "SimCLR", hs.methods.SimCLR())
    assert start.without_labels
    assert start.goes_on(backbone) == learned
    session = SimpleNamespace(backbone=backbone)
    job = SimpleNamespace(settings=CurveSettings())
    recipe = Pretrained(job, session, np.arange(8), None)._recipe(start, 0)
    assert recipe.lr == rate
