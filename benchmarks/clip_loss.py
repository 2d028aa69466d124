"""The loss of CLIP in blocks beside open_clip's: value, gradients, time and memory.

    python -m benchmarks.clip_loss [--rows 2048] [--width 256] [--rounds 7]

open_clip (pip install open_clip_torch) is the peer. Contestants take turns in one process, forward and
backward. Memory is what a process takes at most beyond what it had, in a process of its own for each.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import normalize

from headstart.losses.contrastive.clip import clip_loss
from headstart.run.step_cache import peak_megabytes, release_memory, reset_peak_memory

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def of_open_clip(a: Tensor, b: Tensor, scale: Tensor) -> Tensor:
    from open_clip.loss import ClipLoss  # type: ignore[import-not-found]

    found: Tensor = ClipLoss()(a, b, scale)
    return found


LOSSES: dict[str, Loss] = {"open_clip": of_open_clip, "headstart": clip_loss}


def inputs(rows: int, width: int) -> list[Tensor]:
    """Embeddings of unit length whose partners are alike, and the scale."""
    g = torch.Generator().manual_seed(0)
    a = torch.randn(rows, width, generator=g)
    b = a + 2 * torch.randn(rows, width, generator=g)
    return [
        *(normalize(one, dim=1).requires_grad_() for one in (a, b)),
        torch.tensor(14.3, requires_grad=True),
    ]


def gradients(loss: Loss, given: list[Tensor]) -> tuple[Tensor, ...]:
    value = loss(*given)
    return (value.detach(), *torch.autograd.grad(value, given))


def peak(name: str, rows: int, width: int) -> float:
    """Megabytes that a loss with its gradient takes at most, beyond what there was before."""
    loss, given = LOSSES[name], inputs(rows, width)
    gradients(loss, inputs(64, width))  # what libraries keep
    release_memory()
    reset_peak_memory()
    before = peak_megabytes()
    gradients(loss, given)
    return peak_megabytes() - before


def main() -> None:
    parser = argparse.ArgumentParser(description="The loss of CLIP beside open_clip's.")
    parser.add_argument("--rows", type=int, default=2048)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    x = inputs(given.rows, given.width)
    whole, mine = (gradients(LOSSES[name], x) for name in LOSSES)
    off = [
        ((one - other).abs().max() / other.abs().max()).item() for one, other in zip(mine, whole, strict=True)
    ]
    names = ("loss", "pictures", "texts", "scale")
    print(
        ", ".join(f"{name} {value:.1e}" for name, value in zip(names, off, strict=True)),
        "relative difference",
    )
    times: dict[str, list[float]] = {name: [] for name in LOSSES}
    for number in range(given.rounds + 1):
        for name, loss in LOSSES.items():
            begun = time.perf_counter()
            gradients(loss, x)
            if number:
                times[name].append(time.perf_counter() - begun)
    ratios = [one / other for one, other in zip(times["open_clip"], times["headstart"], strict=True)]
    span = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"open_clip takes {statistics.median(ratios):.2f} times as long ({span})")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        peaks = {name: pool.apply(peak, (name, given.rows, given.width)) for name in LOSSES}
    print("memory beyond the inputs: " + ", ".join(f"{name} {value:.0f} MB" for name, value in peaks.items()))


if __name__ == "__main__":
    main()
