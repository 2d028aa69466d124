"""A table network that has learned nothing is trained as such: at the full rate, for enough steps."""

import numpy as np
import torch
from tests.methods.grown import written

import headstart as hs
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.models.backbone import backbone, load_model
from headstart.models.tables import TableEncoder
from headstart.run.recipe import Recipe
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.costs import EPOCHS, UNTAUGHT, Amounts
from headstart.studies.adapt.plan import make_plan

FEW = Recipe(steps=20, batch=16, lr=5e-3)


def fitted(method, base, file, recipe=FEW):
    return hs.fit(method, base, hs.data.load(str(file)), recipe).model


def moved(method, base, file):
    """How far the block's second layer goes in a step of plain descent, which is proportional to the rate."""
    plain = Recipe(steps=1, batch=60, lr=1e-3, optimiser="sgd", schedule="constant", warmup=0, weight_decay=0)
    before = base.inner.block.down.weight if isinstance(base, TableEncoder) else 0.0
    after = fitted(method, base, file, plain).backbone.inner.block.down.weight
    return float((after - before).detach().norm())


def test_it_knows_that_it_has_learned_nothing(tmp_path):
    file = written(tmp_path)
    model = fitted(FineTune(), "table", file)
    schema = model.backbone.schema
    assert not TableEncoder(schema).learned
    assert not TableEncoder(schema, hidden=0).learned
    assert model.backbone.learned
    assert backbone(
        torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    ).learned
    hs.fit(FineTune(), "table", hs.data.load(str(file)), FEW).save(tmp_path / "saved")
    assert load_model(tmp_path / "saved")[0].backbone.learned


def test_it_learns_at_the_full_rate_and_what_has_learned_at_a_tenth(tmp_path):
    file = written(tmp_path)
    fresh = {rate: moved(FineTune(backbone_lr=rate), "table", file) for rate in (0.2, 1.0)}
    np.testing.assert_allclose(fresh[0.2], 0.2 * fresh[1.0], rtol=1e-3)  # one that is set is kept
    assert moved(FineTune(), "table", file) == fresh[1.0]
    assert moved(LPFT(), "table", file) == moved(LPFT(backbone_lr=1.0), "table", file)
    taught = fitted(FineTune(), "table", file).backbone
    rates = [moved(method, taught, file) for method in (FineTune(), FineTune(backbone_lr=1.0))]
    np.testing.assert_allclose(rates[0], 0.1 * rates[1], rtol=1e-2)


def test_its_epochs_make_enough_steps_where_there_is_time():
    """64 rows in batches of 32 are two steps an epoch: 500 epochs, or what fits of a half and a quarter."""
    settings, rows = AdaptSettings(curve=False), {"rows": 64, "smallest": 32, "kinds": 2}
    fresh, taught = Amounts(**rows, learned=False), Amounts(**rows)
    assert UNTAUGHT == 1000
    assert fresh.epochs(32) == (500, 250, 125, *EPOCHS)
    assert Amounts(6400, 32, 2, learned=False).epochs(32) == EPOCHS  # 4000 steps
    long = {"seconds": (200.0, 200.0)}
    assert make_plan(settings, fresh, 1e6, **long).epochs == 500
    assert make_plan(settings, taught, 1e6, **long).epochs == 20
    # 200 * 600 = 120,000 samples; an epoch takes 51 for each of two ways on a fold and for the
    # better one on two more, 64 in the end and 64 from scratch, 332 in all: 500 epochs are too many
    assert make_plan(settings, fresh, 600.0, **long).epochs == 250
