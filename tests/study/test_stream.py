"""The engine of streams: predict first, then adapt; never touch what was given; always find the way back."""

import copy

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tests.study.streams import CLASSES, SIDE, alike, rows, state_of, trained
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch, Model, Unlabelled
from headstart.models.classifier import classifier
from headstart.streaming.guards import Collapse

METHODS = ("norm", "tent", "eata", "sar", "cotta", "lame", "rdumb:resets=3")


@pytest.fixture(scope="module")
def net():
    return trained()


def digest(file):
    """Of all that is in it; the order of two entries of the header is not up to us."""
    with safe_open(file, framework="pt") as opened:
        return opened.metadata()["digest"]


def batches(many, n=16, start=100):
    return [rows(n, start + k)[0] for k in range(many)]


@pytest.mark.parametrize("method", METHODS)
def test_it_answers_before_it_adapts_and_never_touches_the_given_model(net, method):
    net.train()
    before, modes = copy.deepcopy(net.state_dict()), [m.training for m in net.modules()]
    s = hs.stream(method, classifier(net, example=torch.zeros(2, 1, SIDE, SIDE)), protect=False)
    first, *others = batches(6)
    if "lame" not in method:  # which adapts answers, not weights
        with s.frozen():
            wanted = s(first).outputs
        assert torch.allclose(s(first).outputs, wanted, atol=1e-5)  # from before the update
    for x in others:
        s(x)
    assert alike(net.state_dict(), before)
    assert [m.training for m in net.modules()] == modes
    assert all(p.grad is None for p in net.parameters())
    net.eval()


def test_the_mode_of_the_given_model_stays(net):
    model = classifier(net, example=torch.zeros(2, 1, SIDE, SIDE)).train()
    hs.stream("tent", model, protect=False)(batches(1)[0])
    assert all(module.training for module in model.modules())


def test_tent_changes_and_the_second_answer_is_that_of_the_changed_model(net):
    model = classifier(net, example=torch.zeros(2, 1, SIDE, SIDE))
    s, (a, b) = hs.stream("tent:lr=0.05", model, guards=(), protect=False), batches(2)
    with s.frozen():
        early = s(b).outputs
    start = state_of(s)
    s(a)
    assert not alike(state_of(s), start)
    with s.frozen():
        late = s(b).outputs
    assert not torch.equal(early, late)
    assert torch.equal(s(b).outputs, late) or torch.allclose(s(b).outputs, late, atol=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_pushing_equals_iterating_and_the_same_seed_gives_the_same_bytes(net, method):
    given = batches(5)
    model = classifier(net, example=given[0])
    pushed = hs.stream(method, model, protect=False)
    one = [pushed(x).outputs for x in given]
    two = [answer.outputs for answer in hs.stream(method, model, given, protect=False)]
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_saved_and_loaded_it_goes_on_byte_for_byte(net, method, tmp_path):
    given = batches(8)
    model = classifier(net, example=given[0])
    whole, first, second = (hs.stream(method, model, protect=False) for _ in range(3))
    wanted = [whole(x).outputs for x in given]
    for x in given[:4]:
        first(x)
    first.save(tmp_path / "s")
    second.load(tmp_path / "s")
    assert all(torch.equal(second(x).outputs, y) for x, y in zip(given[4:], wanted[4:], strict=True))
    whole.save(tmp_path / "a")
    second.save(tmp_path / "b")
    assert digest(tmp_path / "a") == digest(tmp_path / "b")


@pytest.mark.parametrize("method", METHODS)
def test_reset_is_bit_for_bit_and_frozen_changes_nothing(net, method, tmp_path):
    given = batches(5)
    s = hs.stream(method, classifier(net, example=given[0]), protect=False)
    s.save(tmp_path / "new")
    with s.frozen():
        s._state.shape = None
        s(given[0])
    s._state.shape, s._state.dtype = None, ""  # which is all that an answer while frozen notes
    s.save(tmp_path / "frozen")
    for x in given:
        s(x)
    s.reset()
    s.save(tmp_path / "reset")
    assert digest(tmp_path / "new") == digest(tmp_path / "frozen")
    assert digest(tmp_path / "new") == digest(tmp_path / "reset")


def test_rdumb_starts_anew_at_fixed_times(net):
    given = batches(7)
    s = hs.stream("rdumb:resets=3,lr=0.05", classifier(net, example=given[0]), guards=(), protect=False)
    start, changed = state_of(s), []
    for x in given:
        s(x)
        changed.append(not alike(state_of(s), start))
    assert [event.step for event in s.log] == [3, 6]
    assert {event.guard for event in s.log} == {"schedule"}
    assert changed[2] == changed[5] is False
    assert s.resets == 2


def test_another_method_model_or_file_is_a_mismatch_and_nothing_changes(net, tmp_path):
    given = batches(2)
    model = classifier(net, example=given[0])
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.head.bias.add_(1)
    s = hs.stream("tent", model, protect=False)
    s(given[0])
    s.save(tmp_path / "s")
    for method, base, guards, says in (
        ("norm", model, "default", "tent"),
        ("tent:lr=0.01", model, "default", "settings"),
        ("tent", other, "default", "another model"),
        ("tent", model, (), "other guards"),
    ):
        mine = hs.stream(method, base, guards=guards, protect=False)
        before = state_of(mine)
        with pytest.raises(Mismatch, match=says):
            mine.load(tmp_path / "s")
        assert alike(state_of(mine), before)
        assert mine.step == 0
    (tmp_path / "no").write_bytes(b"nothing")
    with pytest.raises(Mismatch, match="readable"):
        s.load(tmp_path / "no")
    content = (tmp_path / "s").read_bytes()
    (tmp_path / "no").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Mismatch, match="damaged"):
        s.load(tmp_path / "no")


@pytest.mark.parametrize(
    ("bad", "kind", "says"),
    [
        (torch.full((3, 1, SIDE, SIDE), float("nan")), BadData, "3 of 3 rows"),
        (torch.full((2, 1, SIDE, SIDE), float("inf")), BadData, "infinite"),
        (torch.zeros(0, 1, SIDE, SIDE), BadData, "no rows"),
        ([], BadData, "no rows"),
        (torch.zeros(2, 1, SIDE + 1, SIDE), BadInput, r"\(1, 6, 6\).*\(1, 7, 6\)"),
        (torch.zeros(2, 1, SIDE, SIDE, dtype=torch.uint8), BadInput, "float32.*uint8"),
        ((torch.zeros(2, 1, SIDE, SIDE), torch.zeros(2, dtype=torch.int64)), BadInput, "labels"),
        (torch.zeros(4), BadInput, "shape"),
        ("x.png", BadInput, "list"),
        (7, BadInput, "int"),
    ],
)
def test_a_bad_batch_is_refused_and_nothing_changes(net, bad, kind, says, tmp_path):
    (first,) = batches(1)
    s = hs.stream("tent", classifier(net, example=first), protect=False)
    s(first)
    s.save(tmp_path / "before")
    with pytest.raises(kind, match=says):
        s(bad)
    s.save(tmp_path / "after")
    assert digest(tmp_path / "before") == digest(tmp_path / "after")


def test_the_first_batch_must_be_what_the_model_takes(net):
    s = hs.stream("tent", classifier(net, example=torch.zeros(2, 1, SIDE, SIDE)), protect=False)
    with pytest.raises(BadInput, match=r"can't take samples of shape \(3, 6, 6\).*\(1, 6, 6\)"):
        s(torch.zeros(4, 3, SIDE, SIDE))


def test_streams_of_one_and_arrays_are_answered(net):
    s = hs.stream(
        "tent:statistics=mixed", classifier(net, example=torch.zeros(2, 1, SIDE, SIDE)), protect=False
    )
    x, y = rows(40, 5)
    right = sum(int(s(x[i : i + 1].numpy()).outputs.argmax()) == int(y[i]) for i in range(len(x)))
    assert right >= 36
    assert s.rows == s.step == 40
    assert s(Unlabelled(x)).probabilities.sum(1).allclose(torch.ones(40))


def test_what_is_no_model_of_classes_or_no_method_of_streams_is_refused(net):
    example = torch.zeros(2, 1, SIDE, SIDE)
    with pytest.raises(BadInput, match="without a head"):
        hs.stream("tent", hs.models.backbone(net, example=example), protect=False)
    with pytest.raises(BadInput, match=r"Methods of streams: .*tent"):
        hs.stream("fine-tune", classifier(net, example=example), protect=False)
    with pytest.raises(BadInput, match="no normalisation"):
        hs.stream("tent", nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), protect=False)
    numbers = hs.Predictor(classifier(net, example=example), "abcd", None, label_kind="numbers")
    with pytest.raises(BadInput, match="numbers"):
        hs.stream("tent", numbers, protect=False)
    with pytest.raises(BadInput, match="no batches"):
        next(iter(hs.stream("tent", classifier(net, example=example), protect=False)))


def test_a_classifier_is_cut_into_what_answers_alike(net):
    x, _ = rows(8, 3)
    cut = classifier(nn.Sequential(net, nn.Softmax(1)), example=x)
    assert isinstance(cut, Model)
    assert torch.allclose(cut(x), net(x), atol=1e-4)
    with pytest.raises(BadInput, match="No linear layer"):
        classifier(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3)), example=torch.randn(2, 4))


def test_source_samples_are_given_to_methods_that_ask(net):
    x, _ = rows(64, 3)
    s = hs.stream("eata", classifier(net, example=x), source=x, protect=False)
    fisher = s._adapter.run.parts["anchor"].fisher
    assert fisher.gt(0).any()
    for batch in batches(3):
        s(batch)
    s.reset()
    assert torch.equal(s._adapter.run.parts["anchor"].fisher, fisher)


def test_predictors_read_what_they_take(net, tmp_path):
    model = classifier(net, example=torch.zeros(2, 1, SIDE, SIDE))
    s = hs.stream("norm", hs.Predictor(model, ("a", "b", "c", "d"), None), protect=False)
    x, _ = rows(9, 4)
    assert s.reader.classes == ("a", "b", "c", "d")
    assert s(x.numpy().astype(np.float64)).outputs.shape == (9, CLASSES)
    assert s.guards[0] == Collapse()
