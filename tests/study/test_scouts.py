"""Scouts and guides: what they are made of, what they change, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import Mismatch
from headstart.core.guides import open_guides, weights_digest
from headstart.run.recipe import Recipe
from headstart.session import scouting
from headstart.session.fisher import fisher_information
from headstart.session.scouting import class_subsets, cluster_pairs, run_scouts
from headstart.session.session import Session
from headstart.solvers.guides import min_max
from headstart.studies.scouts.comparison import TITLES, arms_of, verdict_of

NEAR = 1e-3  # Adam's first steps divide small gradients by their size, and so enlarge their rounding
SMALL = {"steps": 6, "batch": 8, "scouts": 3, "cousin_classes": 2, "lr": 0.01}


def blobs(classes, first=0, n=16):
    """Rows of 6 numbers around a point of each class."""
    draw = np.random.default_rng(first)
    y = np.repeat(np.arange(classes), n) + first
    x = draw.normal(size=(len(y), 6)) + 3 * np.eye(6 + first + classes)[y][:, :6]
    return x.astype(np.float32), y.astype(str)


def base():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5))
    return hs.models.backbone(net, example=torch.zeros(2, 6), head=None)


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    target = blobs(3, 4, 12)
    out = tmp_path_factory.mktemp("scouts") / "guides"
    return hs.scouts(base(), blobs(4), target=target, out=out, seeds=2, target_steps=3, labels=2, **SMALL)


def session():
    return Session(base(), hs.data.load(blobs(4)))


def test_guides_are_those_of_the_mean_squared_movement():
    """The same by hand: train each scout alone, and take squares, means and ranges."""
    own = session()
    cousins = class_subsets(own.data.labels, own.data.classes, 2, 3, 0)
    recipe = Recipe(steps=6, batch=8, lr=0.01, weight_decay=0.0)
    alone = [run_scouts(own, [each], recipe).squares for each in cousins]
    means = {name: sum(each[name] for each in alone) / 3 for name in alone[0]}
    found = hs.scouts(base(), blobs(4), **SMALL).guides
    for name, one in min_max(means).items():
        assert torch.allclose(found.values[name], one, atol=NEAR)


def test_scouts_at_once_move_as_one_after_the_other():
    own = session()
    cousins = class_subsets(own.data.labels, own.data.classes, 2, 4, 0)
    recipe = Recipe(steps=8, batch=8, lr=0.01, weight_decay=0.0)
    together = min_max(run_scouts(own, cousins, recipe, "vmap").squares)
    alone = [run_scouts(own, [each], recipe).squares for each in cousins]
    one_by_one = min_max({name: sum(each[name] for each in alone) for name in alone[0]})
    assert max((together[name] - one).abs().max() for name, one in one_by_one.items()) < NEAR


def test_the_base_is_not_changed(made):
    before, backbone = base(), base()
    hs.scouts(backbone, blobs(4), **SMALL)
    assert all(map(torch.equal, before.state_dict().values(), backbone.state_dict().values()))


def test_interrupted_scouts_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(scouting, "EVERY", 1)
    own = session()
    cousins = class_subsets(own.data.labels, own.data.classes, 2, 2, 0)
    recipe = Recipe(steps=5, batch=8, lr=0.01, weight_decay=0.0)

    def interrupted(ticks, run):
        for tick in ticks:
            yield tick
            if tick.step == 3:
                raise KeyboardInterrupt

    whole = run_scouts(own, cousins, recipe)
    with pytest.raises(KeyboardInterrupt):
        run_scouts(replace(own, watch=interrupted), cousins, recipe, checkpoint=tmp_path / "run")
    steps = []

    def counted(ticks, run):
        for tick in ticks:
            steps.append(tick.step)
            yield tick

    resumed = run_scouts(replace(own, watch=counted), cousins, recipe, checkpoint=tmp_path / "run")
    assert steps[0] > 1  # saves that would take much of the time are left out
    assert steps[-1] == 5
    assert all(map(torch.equal, resumed.squares.values(), whole.squares.values()))


def test_a_guided_fit_keeps_weights_with_a_guide_of_nought(made):
    ones = {name: torch.ones_like(one) for name, one in made.guides.values.items()}
    still = ones | {"inner.0.weight": torch.zeros(8, 6)}
    recipe = Recipe(steps=5, lr=0.05)
    fits = {
        name: hs.fit("fine-tune", base(), blobs(4), recipe, guides=guides)
        for name, guides in {
            "plain": None,
            "free": replace(made.guides, values=ones),
            "still": replace(made.guides, values=still),
        }.items()
    }
    weights = {name: one.model.backbone.state_dict() for name, one in fits.items()}
    assert all(map(torch.equal, weights["plain"].values(), weights["free"].values()))
    start = base().state_dict()
    assert torch.equal(weights["still"]["inner.0.weight"], start["inner.0.weight"])
    assert not torch.equal(weights["plain"]["inner.0.weight"], start["inner.0.weight"])
    assert not torch.equal(weights["still"]["inner.2.weight"], start["inner.2.weight"])


def test_guides_work_under_rates_by_block_and_two_stages(made):
    for method in ("lp-ft", "fine-tune:lr_decay=0.5", "gradual-unfreezing"):
        fitted = hs.fit(method, base(), blobs(4), Recipe(steps=4), guides=made.guides)
        assert not any("change nothing" in note for note in fitted.training.notes)


def test_guides_that_change_nothing_are_noted(made):
    fitted = hs.fit("logistic-probe", base(), blobs(4), guides=made.guides)
    assert any("the guides change nothing" in note for note in fitted.training.notes)


def test_training_from_scratch_has_no_guides(made):
    fitted = hs.fit("from-scratch", base(), blobs(4), Recipe(steps=2), guides=made.guides)
    assert any("weights of its own" in note for note in fitted.training.notes)


def test_adapters_leave_the_guided_weights_alone(made):
    fitted = hs.fit("lora:rank=2", base(), blobs(4), Recipe(steps=2), guides=made.guides)
    assert any("the guides change nothing" in note for note in fitted.training.notes)


def test_guides_are_kept(made, tmp_path):
    opened = open_guides(made.folder)
    assert opened.base == made.guides.base
    assert opened.about == made.guides.about
    assert all(torch.equal(opened.values[name], one) for name, one in made.guides.values.items())
    assert opened.rows == made.guides.rows == hs.data.load(blobs(4)).digests
    anchor = replace(made.guides, use="anchor", strength=0.3)
    anchor.save(tmp_path / "anchor.safetensors")
    again = open_guides(tmp_path / "anchor.safetensors")
    assert (again.use, again.strength, again.digest) == ("anchor", 0.3, anchor.digest)
    fitted = hs.fit("fine-tune", base(), blobs(4), Recipe(steps=2), guides=made.folder)
    assert fitted.model is not None


def test_guides_of_another_model_are_refused(made):
    other = hs.models.backbone(nn.Linear(6, 5), example=torch.zeros(2, 6), head=None)
    with pytest.raises(Mismatch, match="not of this model"):
        hs.fit("fine-tune", other, blobs(4), guides=made.guides)
    moved = base()
    with torch.no_grad():
        next(moved.parameters()).add_(1)
    with pytest.raises(Mismatch, match="other weights"):
        hs.fit("fine-tune", moved, blobs(4), guides=made.guides)


def test_a_checkpoint_of_other_guides_is_refused(made, tmp_path):
    how = {"recipe": Recipe(steps=20), "checkpoint": tmp_path / "run"}
    hs.fit("fine-tune", base(), blobs(4), guides=made.guides, **how)
    with pytest.raises(Mismatch, match="guides"):
        hs.fit("fine-tune", base(), blobs(4), guides=made.guides.inverted(), **how)


def test_controls_keep_what_they_say(made):
    guides = made.guides
    for name, one in guides.values.items():
        assert torch.equal(
            guides.shuffled().values[name].flatten().sort().values, one.flatten().sort().values
        )
        assert torch.allclose(guides.constant().values[name], one.double().mean().float())
        assert torch.equal(guides.inverted().values[name], 1 - one)
    assert guides.constant().mean == pytest.approx(guides.mean)
    name = "inner.0.weight"
    assert not torch.equal(guides.shuffled(0).values[name], guides.shuffled(1).values[name])


def test_rows_without_labels_are_clustered():
    own = session()
    cousins = cluster_pairs(own, 4, 5, 0)
    assert len(cousins) == 5
    assert all(each.classes == 2 for each in cousins)
    x, _ = blobs(4)
    found = hs.scouts(base(), hs.data.load_unlabelled(x), clusters=4, **SMALL)
    assert found.result.classes == []
    assert found.result.scouts[0].cousin.startswith("cluster")


def test_fisher_information_of_a_bias_by_hand():
    """Of a linear head's features the derivative by a bias of the body is weight.T (p - y)."""
    information = fisher_information(session())
    assert information.keys() == dict(base().named_parameters()).keys()
    assert all((one >= 0).all() for one in information.values())
    found = hs.scouts(base(), blobs(4), measure="fisher")
    assert found.result.scouts == []
    assert 0 < found.guides.mean < 1


def test_the_record_and_the_page(made):
    record = made.result
    assert [arm.name for arm in record.arms] == list(TITLES)
    assert record.train_rows == 6
    assert len(record.scouts) == 3
    assert sum(sum(one.histogram) for one in record.tensors) == record.parameters == 6 * 8 + 8 + 8 * 5 + 5
    page = (made.folder / "scouts.html").read_text()
    assert "Where weights moved" in page
    assert "The rule was fixed before any result" in page
    assert page.count("guides in random order, draw ") == 2
    assert all(f"over {TITLES[arm.name]} " in page for arm in record.arms if arm.behind is not None)


def arms(guided, plain, **others):
    found = {}
    for arm in TITLES:
        scores = {"guided": guided, "plain": plain}.get(arm, others.get(arm, plain))
        found |= {(arm, seed): {"accuracy": one, "seconds": 1.0} for seed, one in enumerate(scores)}
    return arms_of(found, len(guided), dict.fromkeys(TITLES, 0.1))


def test_verdicts_follow_the_rule():
    low, high = [0.5, 0.51, 0.52], [0.7, 0.72, 0.71]
    assert verdict_of(arms(high, low)) == "helps"
    assert verdict_of(arms(high, low, shuffled=high)) == "controls"
    assert verdict_of(arms(low, high)) == "harms"
    assert verdict_of(arms([0.4, 0.6, 0.5], low)) == "unclear"


def test_a_weight_that_two_layers_share_has_one_guide():
    layer = nn.Linear(6, 6)
    shared = hs.models.backbone(nn.Sequential(layer, nn.ReLU(), layer), example=torch.zeros(2, 6), head=None)
    found = hs.scouts(shared, blobs(4), **SMALL)
    assert len(found.guides.values) == 2
    assert found.guides.base == weights_digest(shared)
    fitted = hs.fit("fine-tune", shared, blobs(4), Recipe(steps=2), guides=found.guides)
    assert fitted.model is not None


@pytest.mark.parametrize(
    "how",
    [
        {"ema": 0.5},
        {"accumulate": 2},
        {"precision": "bf16"},
        {"optimiser": "momentum"},
        {"optimiser": "lbfgs", "weight_decay": 0.0, "clip": None, "lr": 0.5},
        {"weight_decay": 0.5},
    ],
    ids=str,
)
def test_what_is_still_stays_still_under_any_recipe(made, how):
    still = replace(made.guides, values={n: torch.zeros_like(v) for n, v in made.guides.values.items()})
    method = "fine-tune:backbone_lr=1.0"  # L-BFGS has one rate
    fitted = hs.fit(method, base(), blobs(4), Recipe(**{"steps": 4, "lr": 0.05, **how}), guides=still)
    now, start = fitted.model.backbone.state_dict(), base().state_dict()
    assert all(torch.equal(now[name], start[name]) for name in made.guides.values)
    assert fitted.model.head.weight.abs().sum() > 0
