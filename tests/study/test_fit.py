"""`hs.fit`: any method on arrays and pictures, and what stops or breaks off."""

import numpy as np
import pytest
import torch
from tests.study import tiny
from torch import nn

import headstart as hs
from headstart.core import BadInput, Diverged, Loss, walk
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.checkpoint import load_state
from headstart.run.recipe import Recipe
from headstart.session import session as fitting
from headstart.session.requirements import learns_from_domains, needs_source, needs_target, needs_teacher

METHODS = sorted(walk(), key=lambda kind: kind.about.name)
# of each batch that methods take, one that descends and one in closed form
REPRESENTATIVES = {(kind.about.needs, kind.about.closed_form): kind for kind in METHODS}.values()


class Layers(nn.Sequential):
    """A module of the caller's own for vectors of 6 numbers."""

    def __init__(self, norm=True):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            middle = nn.BatchNorm1d(24) if norm else nn.Identity()
            super().__init__(nn.Linear(6, 24), middle, nn.Tanh())
            self.drop_path = nn.Identity()  # what stochastic depth looks for
            self.append(nn.Linear(24, 4))


def vectors(seed):
    """Three classes whose centres are 3 standard deviations from the origin, 30 rows each."""
    rng = np.random.default_rng(seed)
    y = np.arange(90) % 3
    x = rng.normal(size=(90, 6)) + 3 * np.eye(6)[y]
    return x.astype(np.float32), np.array(["red", "green", "blue"])[y]


@pytest.fixture(scope="module")
def taught():
    """A teacher for the methods that need one."""
    return hs.fit("fine-tune", Layers(), vectors(5), Recipe(steps=60, batch=30, lr=0.02))


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.about.name)
def test_fit_carries_out_any_method_on_arrays(kind, taught):
    x, y = vectors(0)
    module = Layers().train()
    base = hs.models.backbone(module, example=torch.from_numpy(x[:2]))
    before = [{name: v.clone() for name, v in one.state_dict().items()} for one in (module, base)]
    source = vectors(2) if needs_source(kind()) else None
    targets = vectors(3)[0], vectors(4) if kind.about.needs_target_labels else None
    data = hs.data.Domains((x, y), *targets) if needs_target(kind()) else (x, y)
    teacher = taught if needs_teacher(kind()) else None
    streams = needs_target(kind()) and not learns_from_domains(kind())
    words = kind.about.name == "learned-context"
    inner = kind.about.needs_transformer or kind.about.needs_places or kind.about.needs_pictures
    inner |= kind.about.needs_dropout or kind.about.needs_pair
    if streams or words or kind.about.needs_columns or inner:
        refusals = "reads no|no transformer|encoder of texts.* has none|a single place"
        refusals += "|learns from pictures|has none: they would"
        with pytest.raises(BadInput, match=r"hs\.stream" if streams else refusals):
            hs.fit(kind(), base, data, teacher=teacher)
        return
    for given in (module, base) if kind in REPRESENTATIVES else (module,):
        recipe = Recipe(steps=60, batch=30, lr=0.02)
        predictor = hs.fit(kind(), given, data, recipe, source=source, teacher=teacher)
        labels = [answer.label for answer in predictor.predict(vectors(1)[0])]
        if ".translation." not in kind.__module__:  # which takes more steps than these
            least = 0.6 if kind.about.name == "label-mapping" else 0.9  # here of classes of random weights
            assert np.mean(np.array(labels) == vectors(1)[1]) > least
    for one, old in zip((module, base), before, strict=True):
        assert all(torch.equal(old[name], value) for name, value in one.state_dict().items())
    assert module.training


def test_fit_takes_pictures_and_keeps_what_was_frozen(pictures, weights, tmp_path):
    base = hs.models.backbone(tiny.BACKBONE, weights=weights)
    how = {"cache": tmp_path / "cache"}
    one = hs.fit(hs.methods.RidgeProbe(), base, pictures, **how)
    assert one.preprocess.size == base.preprocess.size
    assert list((tmp_path / "cache").glob("*.bin"))
    again = hs.fit(hs.methods.RidgeProbe(), base, pictures, **how)
    files = sorted(pictures.rglob("*.png"))
    np.testing.assert_array_equal(one.probabilities(files), again.probabilities(files))


def test_fit_that_diverges_keeps_the_last_good_weights(tmp_path, monkeypatch):
    real, file, recipe = FineTune.loss, tmp_path / "fit.checkpoint", Recipe(steps=30, batch=30, lr=0.01)

    def loss(self, parts, batch, ctx):
        found = real(self, parts, batch, ctx)
        return Loss.sum(label=found.total * torch.nan) if ctx.step == 25 else found

    monkeypatch.setattr(FineTune, "loss", loss)
    with pytest.raises(Diverged, match=r"fine-tune: at step 25 the loss is nan .*lower learning rate"):
        hs.fit(FineTune(), Layers(), vectors(0), recipe, checkpoint=file)
    state = load_state(file)
    assert state["step"] == len(state["notes"]["curve"]) == 25
    assert all(value.isfinite().all() for value in state["parts"].values())
    monkeypatch.setattr(FineTune, "loss", real)
    resumed = hs.fit(FineTune(), Layers(), vectors(0), recipe, checkpoint=file).model.state_dict()
    whole = hs.fit(FineTune(), Layers(), vectors(0), recipe).model.state_dict()
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_fit_that_was_left_goes_on(tmp_path, monkeypatch):
    data, recipe = vectors(0), Recipe(steps=30, batch=10, lr=0.01)
    whole = hs.fit(FineTune(), Layers(), data, recipe)
    real, steps = fitting._watch, []

    def leaves(self, ticks, run, name, checkpoint):
        for tick in real(self, ticks, run, name, checkpoint):
            steps.append(tick.step)
            if tick.step == 13:
                raise KeyboardInterrupt
            yield tick

    file = tmp_path / "fit.checkpoint"
    monkeypatch.setattr("headstart.session.session.CHECKPOINT_EVERY", 5)
    monkeypatch.setattr(fitting, "_watch", leaves)
    with pytest.raises(KeyboardInterrupt):
        hs.fit(FineTune(), Layers(), data, recipe, checkpoint=file)
    steps.clear()
    monkeypatch.setattr(fitting, "_watch", real)
    resumed = hs.fit(FineTune(), Layers(), data, recipe, checkpoint=file)
    ours, theirs = resumed.model.state_dict(), whole.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
