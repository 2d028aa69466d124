"""The loss of CLIP in blocks beside open_clip's: value, gradients, time and memory.

    python -m benchmarks.clip_loss [--rows 2048] [--width 256] [--rounds 7] [--processes 1]

open_clip (pip install open_clip_torch) is the peer. Contestants take turns in one process, forward and
backward. Memory is what a process takes at most beyond what it had, in a process of its own for each.

With --processes 2 the rows are shared among as many processes by Lightning Fabric, and open_clip gathers with
gradients, with the loss of all rows in each process or of a process's own (local_loss). Gradients of a
process's rows are those that both losses leave before they are averaged; the scale's are averaged.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

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


NAMES = ("loss", "pictures", "texts", "scale")
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


def shared_losses(engine: Any) -> dict[str, Loss]:
    """The losses of rows that the processes share."""
    from open_clip.loss import ClipLoss

    mine = partial(clip_loss, gather=engine.gather)
    peer = partial(ClipLoss, gather_with_grad=True, rank=engine.rank, world_size=engine.world)
    return {"open_clip": peer(), "open_clip, local_loss": peer(local_loss=True), "headstart": mine}


def in_processes(fabric: Any, rows: int, width: int, rounds: int) -> None:
    """What each process does, of which the first prints."""
    from torch import distributed

    from headstart.run.fabric_engine import OnFabric

    torch.set_num_threads(1)
    engine = OnFabric(fabric)
    share = rows // engine.world
    own = slice(share * engine.rank, share * (engine.rank + 1))
    whole = gradients(LOSSES["open_clip"], inputs(rows, width))
    a, b, scale = inputs(rows, width)
    given = [a[own].detach().requires_grad_(), b[own].detach().requires_grad_(), scale]
    losses = shared_losses(engine)
    for name, loss in losses.items():
        value, da, db, ds = gradients(loss, given)
        for one in (value, ds):  # a process's own loss is of its rows alone
            distributed.all_reduce(one)
        found = (value / engine.world, da / engine.world, db / engine.world, ds / engine.world)
        off = torch.stack(differences(found, (whole[0], whole[1][own], whole[2][own], whole[3])))
        distributed.all_reduce(off, distributed.ReduceOp.MAX)
        if engine.rank == 0:
            said = ", ".join(f"{what} {one:.1e}" for what, one in zip(NAMES, off.tolist(), strict=True))
            print(f"{name} in {engine.world} processes against open_clip in one: {said} relative difference")
    times = taken(losses, given, rounds, distributed.barrier)
    if engine.rank == 0:
        for name in list(losses)[:-1]:
            report_times(name, times)


def taken(
    losses: dict[str, Loss], given: list[Tensor], rounds: int, wait: Callable[[], Any] = lambda: None
) -> dict[str, list[float]]:
    """Seconds of each loss and round, after one that doesn't count."""
    times: dict[str, list[float]] = {name: [] for name in losses}
    for number in range(rounds + 1):
        for name, loss in losses.items():
            wait()
            begun = time.perf_counter()
            gradients(loss, given)
            wait()
            if number:
                times[name].append(time.perf_counter() - begun)
    return times


def differences(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> list[Tensor]:
    """The largest difference of each, over its largest value."""
    return [(one - other).abs().max() / other.abs().max() for one, other in zip(found, wanted, strict=True)]


def report_times(name: str, times: dict[str, list[float]]) -> None:
    ratios = [one / other for one, other in zip(times[name], times["headstart"], strict=True)]
    span = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{name} takes {statistics.median(ratios):.2f} times as long ({span})")


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
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    if given.processes > 1:
        from lightning_fabric import Fabric

        fabric = Fabric(accelerator="cpu", devices=given.processes, strategy="ddp_spawn")
        fabric.launch(in_processes, given.rows, given.width, given.rounds)
        return
    x = inputs(given.rows, given.width)
    whole, mine = (gradients(LOSSES[name], x) for name in LOSSES)
    said = (f"{name} {value:.1e}" for name, value in zip(NAMES, differences(mine, whole), strict=True))
    print(", ".join(said), "relative difference")
    times = taken(LOSSES, x, given.rounds)
    report_times("open_clip", times)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        peaks = {name: pool.apply(peak, (name, given.rows, given.width)) for name in LOSSES}
    print("memory beyond the inputs: " + ", ".join(f"{name} {value:.0f} MB" for name, value in peaks.items()))


if __name__ == "__main__":
    main()
