"""The experiment of Yosinski et al.: what is copied, frozen and begun anew; two tasks; resumed alike."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.rounding import rounding
from tests.study.experiments import Ctrl, made, network, rows, spied

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch, Task
from headstart.data.load import load
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.run.progress import Progress
from headstart.run.recipe import Recipe
from headstart.session.session import Session
from headstart.session.transplant import Transplant, transplant
from headstart.studies.yosinski import Transfer
from headstart.studies.yosinski.tasks import split_classes

RECIPE = Recipe(steps=6, batch=16, lr=5e-3, seed=11)
SMALL = {"seeds": 2, "epochs": 2, "test": 0.25}
ALL = np.arange(60)


@pytest.fixture(scope="module")
def trained():
    """A network that has learned something, as a backbone."""
    predictor = hs.fit(FromScratch(), made(), rows(), Recipe(steps=20, lr=5e-3, seed=3))
    return predictor.model.backbone


@pytest.fixture
def session(trained, tmp_path):
    return Session(trained, load(rows()), cache=tmp_path)


def block(backbone, number):
    return backbone.get_submodule(backbone.blocks[number]).state_dict()


def same(one, other):
    return all(torch.equal(value, other[name]) for name, value in one.items())


# --- the treatment


@pytest.mark.parametrize("frozen", [True, False])
def test_at_cut_0_it_is_training_from_scratch_bit_for_bit(session, frozen):
    ours = session.fit(transplant(3, 0, frozen), ALL, RECIPE).model.state_dict()
    base = session.fit(FromScratch(), ALL, RECIPE).model.state_dict()
    assert ours.keys() == base.keys()
    assert same(ours, base)


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_frozen_blocks_keep_every_byte_and_all_above_learns(session, trained, cut):
    fitted = session.fit(transplant(3, cut, True), ALL, RECIPE).model.backbone
    twin = trained.untrained(RECIPE.seed)
    for number in range(3):
        if number < cut:
            assert same(block(fitted, number), block(trained, number))  # statistics of the norms too
        else:
            for name, value in block(fitted, number).items():
                assert not torch.equal(value, block(trained, number)[name])
                assert not torch.equal(value, block(twin, number)[name])


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_tuned_blocks_change_all(session, trained, cut):
    fitted = session.fit(transplant(3, cut, False), ALL, RECIPE).model.backbone
    for number in range(3):
        for name, value in block(fitted, number).items():
            assert not torch.equal(value, block(trained, number)[name])


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_what_is_begun_anew_is_random_and_the_rest_copied(trained, cut, frozen):
    import copy

    parts = transplant(3, cut, frozen).parts(copy.deepcopy(trained), Task(3, (6,), seed=11))
    twin = trained.untrained(11)
    for number in range(3):
        source, other = (trained, twin) if number < cut else (twin, trained)
        assert same(block(parts["backbone"], number), block(source, number))
        assert not same(block(parts["backbone"], number), block(other, number))


def test_the_frozen_prefix_is_recorded_and_gives_the_same(session, trained):
    """A bias before a normalisation has no gradient but rounding, of which AdamW would make whole steps."""
    plain, recipe = Session(trained, load(rows())), replace(RECIPE, optimiser="momentum", lr=0.05)
    for cut in (1, 2, 3):
        fitted = session.fit(transplant(3, cut, True), ALL, recipe)
        assert fitted.replay is not None
        other = plain.fit(transplant(3, cut, True), ALL, recipe)
        assert other.replay is None
        given, wanted = fitted.logits(ALL), other.logits(ALL)
        assert wanted.std() > 0.01
        near = rounding(16 * 8, wanted.abs().max(), sums=3 * recipe.steps)  # rows and width, in 3 blocks
        assert (given - wanted).abs().max() < near


def test_settings_of_the_treatment_are_checked(trained):
    with pytest.raises(BadInput, match="new is -1"):
        Transplant(new=-1)
    with pytest.raises(BadInput, match="last is 1"):
        Transplant(last=1)
    with pytest.raises(BadInput, match="new is 4, and the backbone has 3 blocks"):
        Transplant(new=4).parts(trained, Task(3, (6,)))


@pytest.fixture(scope="module")
def six():
    return load(rows(classes=6, each=20))


# --- the experiment


@pytest.fixture(scope="module")
def found(six):
    return hs.yosinski(network(), six, **SMALL | {"seeds": 3})


def test_all_series_at_all_cuts(found):
    assert [(c.series, c.cut) for c in found.cuts] == [
        (series, cut) for series in ("BnB", "BnB+", "AnB", "AnB+") for cut in (1, 2, 3)
    ]
    assert all(c.seeds == [0, 1, 2] for c in found.cuts)
    assert found.blocks == ["0", "1", "2"]
    assert not found.base_a.given
    assert not set(found.base_a.classes) & set(found.base_b.classes)


def test_means_and_gains_by_hand(found):
    base = np.array(found.base_b.score)
    assert found.base_b.mean == pytest.approx(base.mean())
    for cut in found.cuts:
        values = np.array(cut.score)
        gains = values - base
        half = 4.302652729749462 / math.sqrt(3)
        assert cut.mean == pytest.approx(values.mean())
        assert cut.interval.low <= max(0, values.mean() - half * values.std(ddof=1))  # and the test rows
        assert cut.gain.value == pytest.approx(gains.mean())
        assert cut.gain.low <= max(-1, gains.mean() - half * gains.std(ddof=1))


def test_every_training_starts_from_the_right_network_and_learns_from_the_right_task(six, monkeypatch):
    seen = spied(monkeypatch)
    found = hs.yosinski(network(), six, cuts=[2], **SMALL)
    assert len(seen) == 2 * (2 + 4)
    for seed in range(2):
        base_b, bnb, bnb_tuned, base_a, anb, anb_tuned = seen[6 * seed : 6 * seed + 6]
        for number, one in ((0, base_b), (3, base_a)):
            assert one[1] == FromScratch(), number
        for source, (session, method, *_), frozen in (
            (base_b, bnb, True),
            (base_b, bnb_tuned, False),
            (base_a, anb, True),
            (base_a, anb_tuned, False),
        ):
            assert method == Transplant(new=1, frozen=frozen)
            assert same(session.backbone.state_dict(), source[4].model.backbone.state_dict())
        assert base_a[0].data.classes == tuple(found.base_a.classes)
        on_b = (base_b, bnb, bnb_tuned, anb, anb_tuned)
        assert {one[0].data.classes for one in on_b} == {tuple(found.base_b.classes)}
        assert len({one[2].tobytes() for one in on_b}) == 1  # the same rows
        new = (bnb, bnb_tuned, anb, anb_tuned)
        assert len({one[3].seed for one in new}) == 1  # the same new blocks, the same order
        assert base_b[3].seed not in {one[3].seed for one in (*new, base_a)}
        recipes = {replace(one[3], seed=0) for one in on_b}
        assert len(recipes) == 1  # all are trained alike
    assert seen[0][3].seed != seen[6][3].seed


def test_rows_that_judge_are_never_learned_from(six, monkeypatch):
    seen = spied(monkeypatch)
    hs.yosinski(network(), six, cuts=[1], **SMALL | {"seeds": 1})
    b = split_classes(six, "classes", 0.25, 0)[1]
    for session, _, some, _, _ in seen:
        if session.data.classes == b.data.classes:
            assert set(some.tolist()) == set(b.train.tolist())


def test_a_given_network_takes_the_place_of_base_a(trained, six, monkeypatch):
    seen = spied(monkeypatch)
    found = hs.yosinski(network(), six, base_a=trained, cuts=[1, 3], **SMALL)
    assert found.base_a is None
    assert found.base_b.classes == list(six.classes)  # all of the data are task B
    assert [one.series for one in found.cuts] == ["BnB"] * 2 + ["BnB+"] * 2 + ["AnB"] * 2 + ["AnB+"] * 2
    of_a = [one for one in seen if same(one[0].backbone.state_dict(), trained.state_dict())]
    assert len(of_a) == 2 * 4


def test_a_given_network_takes_the_place_of_base_b(trained, six):
    found = hs.yosinski(network(), six, base_a=trained, base_b=trained, cuts=[3], **SMALL)
    assert found.base_b.given
    (frozen,) = found.of("BnB")  # a new head on all of base B, with another seed
    assert found.base_b.seeds == frozen.seeds == [0, 1]
    assert found.of("BnB")[0].score == found.of("AnB")[0].score


def test_of_another_architecture(six):
    with pytest.raises(Mismatch, match="base A has another architecture than Sequential"):
        hs.yosinski(network(), six, base_a=network(width=9), **SMALL)


def test_two_tasks_of_different_kinds(six):
    other = load((np.zeros((12, 7), np.float32) + np.arange(12)[:, None], np.arange(12) % 2))
    with pytest.raises(
        BadData, match=r"One network can't take both tasks: arrays has numbers and arrays has"
    ):
        hs.yosinski(network(), other, six, **SMALL)


def test_a_cut_that_is_not_there_and_too_few_classes(six, tmp_path):
    with pytest.raises(BadInput, match=r"cuts names 4, but Sequential has 3 blocks; name some of 1 to 3"):
        hs.yosinski(network(), six, cuts=[1, 4], out=tmp_path / "run", **SMALL)
    assert not (tmp_path / "run").exists()
    with pytest.raises(BadData, match="has 3 classes; to split them into two tasks takes 4 or more"):
        hs.yosinski(network(), rows(), out=tmp_path / "run", **SMALL)
    assert not any((tmp_path / "run").glob("*.json"))
    with pytest.raises(BadInput, match="cuts is"):
        hs.yosinski(network(), six, cuts=[2, 1], **SMALL)


@pytest.mark.parametrize("number", [1, 4, 9])
def test_interrupted_and_resumed_to_the_same_bytes(six, tmp_path, number):
    how = SMALL | {"cuts": [1, 2], "seeds": 1, "epochs": 3}
    hs.yosinski(network(), six, out=tmp_path / "whole", **how)
    assert not any((tmp_path / "whole" / "cache").glob("*/*"))  # nothing large is left
    progress = Progress()
    progress.watch = Ctrl(number).watch
    with pytest.raises(KeyboardInterrupt):
        hs.yosinski(network(), six, out=tmp_path / "cut", progress=progress, **how)
    assert any((tmp_path / "cut" / "steps").glob("*.checkpoint"))
    found = hs.yosinski(network(), six, out=tmp_path / "cut", resume=True, **how)
    ends = [(tmp_path / name / "yosinski.json").read_bytes() for name in ("whole", "cut")]
    assert ends[0] == ends[1]
    assert Transfer.read(tmp_path / "cut" / "yosinski.json") == found


def test_resuming_asks_for_the_same_networks(six, trained, tmp_path):
    how = SMALL | {"cuts": [1], "seeds": 1}
    hs.yosinski(network(), six, out=tmp_path / "run", base_a=trained, **how)
    with pytest.raises(BadInput, match="another study: it differs in the base_a"):
        hs.yosinski(network(), six, out=tmp_path / "run", resume=True, **how)


def test_the_weights_of_the_architecture_are_not_looked_at(six):
    how = SMALL | {"cuts": [1], "seeds": 1}
    one, other = (hs.yosinski(network(seed), six, **how) for seed in (0, 1))
    assert one.cuts == other.cuts
