"""Does a guard keep TENT from collapsing? Noisy digits in small batches, at a rate that is too high.

    python -m benchmarks.stream_guard

A small network learns half of the digits; the other half comes with noise, ten times over, 8 rows at a time.
"""

import numpy as np
import torch
from torch import nn

import headstart as hs
from headstart.data.streams import Segment
from headstart.run.modes import seeded
from headstart.studies.stream import Prequential

METHOD = "tent:lr=0.03"


def digits(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures (n, 1, 8, 8) in [0, 1], labels, and an order."""
    data = hs.data.load("digits")
    x = torch.as_tensor(np.asarray(data.array, np.float32)[:, None] / 255, dtype=torch.float32)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    return x, torch.as_tensor(data.labels), order


def network(x: torch.Tensor, y: torch.Tensor, seed: int, epochs: int = 15) -> nn.Module:
    """Three convolutions with batch normalisation, trained on all rows."""
    draw = torch.Generator().manual_seed(seed)
    with seeded(seed):
        net = nn.Sequential(
            *(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
            *(nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
            *(nn.Conv2d(64, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
            *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
        )
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=draw).split(64):  # type: ignore[no-untyped-call]
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return net.eval()


def noisy(x: torch.Tensor, y: torch.Tensor, passes: int, rows: int) -> list[Segment]:
    """Passes over some of the rows in random order, with noise of a standard deviation of 0.5."""
    draw, found = torch.Generator().manual_seed(5), []
    for number in range(passes):
        some = torch.randperm(len(x), generator=draw)[:rows]
        noise = 0.5 * torch.randn(x[some].shape, generator=draw)
        found.append(Segment(f"pass {number + 1}", x[some] + noise, y[some].numpy()))
    return found


def judged(seed: int, guarded: bool, passes: int = 10, rows: int = 450) -> Prequential:
    """TENT with or without guards, beside the source model and Norm."""
    x, y, order = digits(seed)
    train, new = order.tensor_split(2)
    model = hs.models.classifier(network(x[train], y[train], seed), example=x[:2])
    guards = "default" if guarded else ()
    parts = noisy(x[new], y[new], passes, rows)
    return hs.prequential(METHOD, model, parts, batch=8, seed=seed, guards=guards, protect=False)


def main() -> None:
    torch.set_num_threads(1)
    print("| seed | source | Norm | TENT, all | last pass, share of one class | guarded TENT, all | resets |")
    print("|---|---|---|---|---|---|---|")
    for seed in (0, 1, 2):
        plain, guarded = judged(seed, False), judged(seed, True)
        every = [one.accuracy for one in (*plain.methods[1:], plain.methods[0], guarded.methods[0])]
        shares = [f"{100 * one.value:.1f} %" for one in every if one is not None]
        last = f"{100 * plain.methods[0].segments[-1].top_share:.0f} %"
        cells = [str(seed), *shares[:3], last, shares[3], str(guarded.methods[0].resets)]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
