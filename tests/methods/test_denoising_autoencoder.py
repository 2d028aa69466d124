import pytest
import torch
from tests.toy import TASK, Columns, make

from headstart.core import BadInput, Ctx, Seeded, Task, find
from headstart.nn.imputation.whole import PictureDecoder

Denoising = find("denoising-autoencoder")
CTX = Ctx(0, 0.0, lambda x: x)


class Seen(Columns):
    """Remembers what it reads."""

    def forward(self, x):
        self.x = x
        return x


def test_reads_swapped_cells_and_predicts_the_true_ones():
    method, base = Denoising(share=0.25), Seen(8)
    parts = method.parts(base, TASK)
    batch = make(Seeded, 6, 0)
    loss = method.loss(parts, batch, CTX)
    changed = base.x != batch.x
    assert changed.sum(1).tolist() == [2] * 6
    assert all((TASK.columns[:, place] == base.x[row, place]).any() for row, place in changed.nonzero())
    decoder = parts["decoder"]
    wanted = decoder.loss(decoder(parts["code"](base.x)), batch.x)
    torch.testing.assert_close(loss.total, wanted)


def test_adds_noise_of_a_deviation_to_pictures_by_their_seeds():
    decoder = PictureDecoder((1, 50, 40), 4, 8)
    x, seed = torch.zeros(5, 1, 50, 40), torch.tensor([0, 1, 2, 3, 0])
    seen = decoder.corrupted(x, seed, 0.2, 0.5)
    assert seen.std().item() == pytest.approx(0.5, abs=0.02)  # 10,000 numbers
    assert seen.mean().item() == pytest.approx(0, abs=0.025)
    assert torch.equal(seen[0], seen[4])
    torch.testing.assert_close(decoder.corrupted(x[1:2], seed[1:2], 0.2, 0.5), seen[1:2])


@pytest.mark.parametrize(("setting", "value"), [("share", 0.0), ("share", 1.0), ("noise", 0.0)])
def test_refuses_to_corrupt_nothing_or_everything(setting, value):
    with pytest.raises(BadInput, match=f"{setting} is {value}"):
        Denoising(**{setting: value})


def test_missing_cells_stay_missing():
    method, base = Denoising(share=0.5), Seen(2)
    parts = method.parts(base, Task(outputs=2, shape=(2,), columns=torch.tensor([[0.0, 1], [2, 5]])))
    method.loss(parts, Seeded(torch.tensor([[float("nan"), 1.0]]), torch.tensor([1])), CTX)
    assert base.x[0, 0].isnan()
