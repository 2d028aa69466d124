"""The loss of SimCLR, and a batch in parts through a ResNet-18: time and memory.

The loss: 4,096 rows, embeddings of 128, forward and backward, beside lightly's NTXentLoss of the same values
and gradients. The parts: a step of 256 pairs of pictures of 32 px, views included, at once and in four parts
of 64 rows, with group normalisation so that both are the same. Seconds in turns; memory is what the peak of a
process that does nothing else rises by.

`pip install --target PEERS --no-deps lightly==1.6.0 lightly_utils`, then
`OMP_NUM_THREADS=1 PYTHONPATH=PEERS python -m benchmarks.nt_xent`
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.paired import interleaved, print_table
from headstart.core import Backbone, Descend, Seeded, Task
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.methods.mapping.pretraining.simclr import SimCLR
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

ROWS, WIDTH, TEMPERATURE, ROUNDS = 4096, 128, 0.2, 5
PAIRS, PARTS, SIZE = 256, 4, 32


class Body(Backbone):
    """torchvision's ResNet-18 up to its features, with norms that look at no batch."""

    width = 512

    def __init__(self) -> None:
        from torchvision.models import resnet18

        super().__init__()
        self.net = resnet18(norm_layer=lambda width: nn.GroupNorm(8, width))
        self.net.fc = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, 512)."""
        found: Tensor = self.net(x)
        return found


def lightlys() -> Callable[[Tensor, Tensor], Tensor]:
    from lightly.loss import NTXentLoss  # type: ignore[import-not-found]

    loss: Callable[[Tensor, Tensor], Tensor] = NTXentLoss(TEMPERATURE)
    return loss


def ours() -> Callable[[Tensor, Tensor], Tensor]:
    return lambda a, b: nt_xent(a, b, TEMPERATURE)


def compared(make: Callable[[], Callable[[Tensor, Tensor], Tensor]]) -> Callable[[], list[Tensor]]:
    """The loss and its gradients, of a function that `make` gives."""
    loss = make()
    a, b = torch.randn(2, ROWS, WIDTH, generator=torch.Generator().manual_seed(0))

    def run() -> list[Tensor]:
        given = a.clone().requires_grad_(), b.clone().requires_grad_()
        found = loss(*given)
        return [found.detach(), *torch.autograd.grad(found, given)]

    return run


def stepping(parts: int) -> Callable[[], list[Tensor]]:
    """A step of SimCLR in so many parts; its gradients."""
    torch.manual_seed(0)
    x = torch.rand(PAIRS, 3, SIZE, SIZE)
    batch = Seeded(x, torch.arange(PAIRS))
    recipe = Recipe(steps=2**40, accumulate=parts, clip=None, lr=1e-9)
    run: Any = start(SimCLR(), Body(), Task(2, (3, SIZE, SIZE)), recipe)
    ticks = train(run, lambda _step: iter(lambda: batch, None))
    (move,) = (move for move in run.moves if isinstance(move, Descend))

    def step() -> list[Tensor]:
        next(ticks)
        return [p.grad for p in move.parameters(run.parts) if p.grad is not None]

    return step


CASES: dict[str, Callable[[], Callable[[], list[Tensor]]]] = {
    "lightly": lambda: compared(lightlys),
    "headstart": lambda: compared(ours),
    "at once": lambda: stepping(1),
    "four parts": lambda: stepping(PARTS),
}


def memory(case: str) -> float:
    """MiB that a process's peak rises by."""
    command = [sys.executable, "-m", "benchmarks.nt_xent", case]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def report_memory(case: str) -> None:
    """Run a case and print what the peak of this process rises by, in MiB, by Linux."""
    run = CASES[case]()
    torch.randn(64, 64) @ torch.randn(64, 64)
    before = _status("VmRSS:")
    run()
    print((_status("VmHWM:") - before) / 1024)


def _status(name: str) -> int:
    return int(Path("/proc/self/status").read_text().split(name)[1].split()[0])


def main() -> None:
    for title, names in (("NT-Xent", ("lightly", "headstart")), ("a step", ("at once", "four parts"))):
        runs = {name: CASES[name]() for name in names}
        first, second = (run() for run in runs.values())
        worst = max(
            ((one - other).abs().max() / one.abs().max()).item()
            for one, other in zip(first, second, strict=True)
        )
        print_table(title, interleaved(runs, ROUNDS))
        peaks = {name: memory(name) for name in names}
        told = ", ".join(f"{name} {peak:.0f} MiB" for name, peak in peaks.items())
        print(f"\n{told}: {peaks[names[0]] / peaks[names[1]]:.1f} times less; largest difference {worst:.1e}")


if __name__ == "__main__":
    report_memory(sys.argv[1]) if len(sys.argv) > 1 else main()
