import math

import pytest
import torch
from tests.toy import TASK, Columns, Toy, make, stream
from torch import nn

from headstart.core import BadInput, Ctx, Seeded, Task, find
from headstart.core.draws import normals
from headstart.nn.imputation.whole import kl_to_normal
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

Autoencoder, Variational = find("autoencoder"), find("variational-autoencoder")
CTX = Ctx(0, 0.0, lambda x: x)
ROWS = torch.tensor([[0.0, 10.0], [2.0, 30.0]])  # means 1 and 20, deviations 1 and 10


def test_the_divergence_by_hand():
    """Of N(1, 4) from N(0, 1): (1 + 4 - log 4 - 1) / 2; that of N(0, 1) is 0."""
    mean, log_variance = torch.tensor([[1.0, 0.0]]), torch.tensor([[math.log(4), 0.0]])
    assert kl_to_normal(mean, log_variance).item() == pytest.approx((4 - math.log(4)) / 2)
    both = torch.distributions.Normal(mean, (log_variance / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    torch.testing.assert_close(
        kl_to_normal(mean, log_variance), torch.distributions.kl_divergence(*both).sum(1)
    )


def test_the_bound_of_a_row_by_hand():
    """The code is N(1, 4); the decoder says what the drawn code is; the standardised row is (2, -1)."""
    method = Variational(latent=1, decoder=1, beta=3.0)
    parts = method.parts(Columns(2), Task(outputs=2, shape=(2,), columns=ROWS))
    for name, value in (("code", 1.0), ("log_variance", math.log(4))):
        nn.init.zeros_(parts[name].weight)
        nn.init.constant_(parts[name].bias, value)
    first, _, last = parts["decoder"].layers
    nn.init.ones_(first.weight)
    nn.init.constant_(first.bias, 100.0)  # so that the ReLU lets all through
    nn.init.ones_(last.weight)
    nn.init.constant_(last.bias, -100.0)
    seed = torch.tensor([4])
    code = 1 + 2 * normals(seed, 1).item()
    loss = method.loss(parts, Seeded(torch.tensor([[3.0, 10.0]]), seed), CTX)
    assert loss.terms["reconstruction"].item() == pytest.approx(
        ((code - 2) ** 2 + (code + 1) ** 2) / 2, rel=1e-4
    )
    assert loss.terms["divergence"].item() == pytest.approx(3 * (4 - math.log(4)) / 2 / 2, rel=1e-5)


def test_without_noise_and_divergence_it_is_an_autoencoder():
    recipe = Recipe(steps=4, lr=1e-2, seed=3)
    plain, drawn = (
        start(kind, Toy(norm=False), TASK, recipe)
        for kind in (Autoencoder(), Variational(beta=0.0, noise=0.0))
    )
    for run in (plain, drawn):
        list(train(run, stream(Seeded)))
    for name in ("backbone", "code", "decoder"):
        for key, value in plain.parts[name].state_dict().items():
            torch.testing.assert_close(drawn.parts[name].state_dict()[key], value, msg=key)


def test_codes_are_drawn_by_the_rows_seeds():
    method = Variational()
    parts = method.parts(Toy(norm=False), TASK)
    batch = make(Seeded, 4, 0)
    other = Seeded(batch.x, batch.seed + 1)
    first, again, third = (method.loss(parts, each, CTX).total for each in (batch, batch, other))
    assert torch.equal(first, again)
    assert first != third


def test_refuses_negative_settings():
    with pytest.raises(BadInput, match=r"beta is -1.0"):
        Variational(beta=-1.0)
    with pytest.raises(BadInput, match=r"noise is -1.0"):
        Variational(noise=-1.0)
