import pytest
import torch
from tests.toy import TASK, Columns, Toy, make
from torch import nn

import headstart as hs
from headstart.core import BadInput, Ctx, Seeded, Task, find
from headstart.nn.imputation.whole import PictureDecoder

Autoencoder = find("autoencoder")
CTX = Ctx(0, 0.0, lambda x: x)
ROWS = torch.tensor([[0.0, 10.0], [2.0, 30.0]])  # means 1 and 20, deviations 1 and 10


def test_the_loss_of_a_row_by_hand():
    """Of the standardised row (2, -1) the code is 0 and the decoder says (0.5, 0.5)."""
    parts = Autoencoder(latent=1).parts(Columns(2), Task(outputs=2, shape=(2,), columns=ROWS))
    for one in (*parts["code"].parameters(), *parts["decoder"].layers.parameters()):
        nn.init.zeros_(one)
    nn.init.constant_(parts["decoder"].layers[2].bias, 0.5)
    loss = Autoencoder().loss(parts, Seeded(torch.tensor([[3.0, 10.0]]), torch.tensor([0])), CTX)
    assert loss.total.item() == pytest.approx((1.5**2 + 1.5**2) / 2)
    assert Autoencoder().chance_in(parts, 2) == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 9, 13), (2, 70, 40)])
def test_pictures_of_any_size_are_predicted(shape):
    decoder = PictureDecoder(shape, 4, 8)
    x = torch.randn(2, *shape)
    assert decoder(torch.zeros(2, 4)).shape == x.shape
    torch.testing.assert_close(decoder.loss(torch.zeros_like(x), x), x.square().mean())


def test_missing_cells_have_no_loss():
    parts = Autoencoder().parts(Columns(2), Task(outputs=2, shape=(2,), columns=ROWS))
    x = torch.tensor([[3.0, float("nan")]])
    loss = parts["decoder"].loss(torch.zeros(1, 2), x)
    assert loss.item() == pytest.approx(4.0)


def test_refuses_a_code_of_nothing_and_texts():
    with pytest.raises(BadInput, match="latent is 0"):
        Autoencoder(latent=0)
    with pytest.raises(BadInput, match=r"samples of shape \(3, 9\)"):
        Autoencoder().parts(Toy(), Task(outputs=2, shape=(3, 9)))


def test_the_encoder_of_pictures_learns():
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    x = torch.randn(20, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    base = hs.models.backbone(net, example=x[:2])
    model = hs.fit(Autoencoder(steps=2, latent=2), base, (x, [0, 1] * 10), hs.Recipe(steps=2))
    assert not torch.equal(model.model.backbone.inner[0].weight, net[0].weight)


def test_rows_of_numbers_have_a_chance_level():
    parts = Autoencoder().parts(Toy(), TASK)
    batch = make(Seeded, 500, 1)
    zero = torch.zeros(500, 8)
    said = parts["decoder"].loss(zero, batch.x).item()
    assert said == pytest.approx(Autoencoder().chance_in(parts, 8), abs=0.2)
