"""Weights of the source's rows: the right way up, with mean 1, obeyed by the training."""

import pytest
import torch
from tests.methods.ways import Same, equal, tuned
from tests.methods.weighed import bent, feed

from headstart.core import BadInput, Task, make
from headstart.methods.inputs.domains.importance_weighting import ImportanceWeighting
from headstart.methods.inputs.domains.row_weighting import share_reached
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain
from headstart.solvers.ratios.named import ESTIMATORS, doubt, ratios

G = torch.Generator().manual_seed(0)
SOURCE, TARGET = torch.randn(2000, 1, generator=G), torch.randn(500, 1, generator=G) + 1


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_weights_are_the_targets_density_over_the_sources(estimator):
    """N(0, 1) to N(1, 1): log w = x - 1/2. Upside down the correlation is -1 and the weighted mean -1.

    The domains have 2000 and 500 rows: without that, the mean before it is brought to 1 would be a quarter.
    """
    source = SOURCE[:500] if estimator == "kmm" else SOURCE
    w = ImportanceWeighting(estimator=estimator).row_weights(source, TARGET, seed=0)
    assert float(w.mean()) == pytest.approx(1.0)
    assert float((w * source[:, 0]).mean()) == pytest.approx(1.0, abs=0.25)
    assert ratios(estimator, source, TARGET).mean == pytest.approx(1.0, abs=0.25)
    if estimator in ("classifier", "gaussian"):
        assert float((w.log() - (source[:, 0] - 0.5)).abs().mean()) < 0.15


def test_the_largest_weights_are_cut_on_request():
    plain = ImportanceWeighting().row_weights(SOURCE, TARGET, 0)
    cut = ImportanceWeighting(clip=0.9).row_weights(SOURCE, TARGET, 0)
    assert int((cut >= cut.max() * (1 - 1e-9)).sum()) == 201
    assert float(cut.max()) < float(plain.max()) / 1.5


def test_without_weights_it_is_fine_tuning_to_the_byte():
    assert equal(tuned(ImportanceWeighting()), tuned(FineTune()))


def trained(weight, x, y):
    recipe = Recipe(steps=300, batch=16, lr=0.05, schedule="constant", warmup=0.0)
    run = start(ImportanceWeighting(backbone_lr=1e-6), Same(1), Task(2, (1,)), recipe)
    drain(train(run, feed(x, y, weight)))
    return ImportanceWeighting().predictor(run.parts).eval()


def test_training_with_the_weights_is_right_where_the_target_is():
    """A straight line can't tell a class in the middle; left of it is where the target lies."""
    x, y = bent(800, 0, 0.7, 0.8)
    new, truth = bent(300, 1, -0.5, 0.4)
    method = ImportanceWeighting(estimator="gaussian")
    weight = method.row_weights(x, new, 0).float()
    plain, weighed = (trained(w, x, y)(new).argmax(1) for w in (None, weight))
    before, after = ((answer == truth).float().mean() for answer in (plain, weighed))
    assert before < 0.65
    assert after > 0.9


def test_it_says_when_weights_can_not_help():
    """Half of the target out of reach; weights that sit on a few rows."""
    assert doubt(0.95, 0.4) is None
    assert "Only 40% of the target's rows" in doubt(0.4, 0.4)
    assert "as good as 1.0% of them" in doubt(0.95, 0.01)
    both = doubt(0.4, 0.01)
    assert "Only 40%" in both
    assert "1.0%" in both
    method = ImportanceWeighting(estimator="gaussian")
    assert method.unreliable_weights(SOURCE, TARGET, method.row_weights(SOURCE, TARGET, 0)) is None
    far = TARGET + 4
    assert method.unreliable_weights(SOURCE, far, method.row_weights(SOURCE, far, 0)).startswith("Only ")


def test_the_share_that_is_reached():
    assert share_reached(SOURCE, SOURCE[:100]) > 0.9
    assert share_reached(SOURCE, torch.cat([SOURCE[:50], SOURCE[:50] + 50])) == pytest.approx(0.5, abs=0.05)
    assert share_reached(SOURCE[:1], TARGET) == 1.0
    assert share_reached(torch.cat([SOURCE] * 4), torch.cat([SOURCE[:300]] * 9)) > 0.9


@pytest.mark.parametrize(
    ("name", "value"), [("estimator", "magic"), ("clip", 0.0), ("clip", 1.5), ("smoothing", 1.0)]
)
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"importance-weighting: {name} is {value!r}"):
        ImportanceWeighting(**{name: value})


def test_settings_from_the_command_line():
    made = make("importance-weighting:estimator=kliep,clip=0.99,last=1")
    assert made == ImportanceWeighting(estimator="kliep", clip=0.99, last=1)
