"""With a class for each row it is SimCLR; else a class counts as one."""

import torch
from tests.methods.contrast import steps_of
from tests.toy import make

from headstart.core import Seeded, SeededLabelled, find

SupervisedContrastive, SimCLR = find("supervised-contrastive"), find("simclr")


def batches(change):
    def start(step):
        while True:
            yield change(make(SeededLabelled, 8, step))
            step += 1

    return start


def test_with_a_class_for_each_row_it_is_simclr():
    ours, _ = steps_of(
        SupervisedContrastive(temperature=0.2),
        batches=batches(lambda b: SeededLabelled(b.x, torch.arange(8), None, b.seed)),
    )
    theirs, _ = steps_of(SimCLR(temperature=0.2), batches=batches(lambda b: Seeded(b.x, b.seed)))
    for name, value in theirs.parts.state_dict().items():
        torch.testing.assert_close(ours.parts.state_dict()[name], value, rtol=1e-5, atol=1e-6)


def test_a_class_comes_together():
    """Rows of a class lie ten times closer than those of different ones, measured by 1 - cosine."""
    run, _ = steps_of(SupervisedContrastive(), steps=60, rows=32, optimiser="adamw", lr=0.01)
    batch = make(SeededLabelled, 60, 99)
    z = torch.nn.functional.normalize(run.parts["projection"](run.parts["backbone"](batch.x)), dim=1)
    same = batch.y[:, None] == batch.y
    cosines = z @ z.T
    assert (1 - cosines[same]).mean() < (1 - cosines[~same]).mean() / 10


def test_chance_is_simclrs():
    assert SupervisedContrastive().chance_level(8) == SimCLR().chance_level(8)
