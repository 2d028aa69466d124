"""One step of SimCLR on a ResNet-18 at 96 pixels, views included, for `benchmarks.views --step`."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import resnet18
from torchvision.transforms.functional import to_pil_image

from benchmarks.paired import interleaved, print_table
from headstart.core.draws import reseeded
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.nn.projection import projection
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

SIDE, MEAN, STD = 96, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Step = Callable[[], object]


def report(batch: int, rounds: int) -> None:
    """Processor seconds of a step of each way, in turns, on one thread; workers' are shared out."""
    torch.set_num_threads(1)
    pictures = torch.randint(0, 256, (2 * batch, 3, SIDE, SIDE), dtype=torch.uint8)
    steps = rounds + 1
    batches = lightly_batches(pictures, batch, steps)
    ways: dict[str, Step] = {
        "lightly: transform, 2 workers, loss": of_lightly(batches),
        "headstart, float32": of_headstart(pictures, batch, bf16=False),
        "headstart, bfloat16": of_headstart(pictures, batch, bf16=True),
    }
    times = interleaved(ways, rounds, time.process_time)
    each = sum(map(seconds_of, batches._workers)) / steps
    times = {name: [one + each * (name[:7] == "lightly") for one in mine] for name, mine in times.items()}
    print(f"Views take {each:.2f} s of the workers for a step.")
    print_table(f"One step of SimCLR, ResNet-18, {SIDE} pixels, {batch} pictures", times)


def seconds_of(worker: Any) -> float:
    """Processor seconds of a process that still runs, on Linux."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def network(layout: torch.memory_format) -> tuple[nn.Module, torch.optim.Optimizer]:
    net = resnet18()
    net.fc = projection(512, 512, 128)
    net = net.to(memory_format=layout)
    return net, torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)


def of_headstart(pictures: Tensor, batch: int, bf16: bool) -> Step:
    recipe = PictureRecipe(crop=(0.2, 1), flip=0.5, colour=0.5, grey=0.2, blur=0.5)
    views = PictureViews(recipe, torch.tensor(MEAN), torch.tensor(STD))
    net, optimiser = network(torch.channels_last)
    x, number = pictures.contiguous(memory_format=torch.channels_last), iter(range(10**9))

    def step() -> None:
        now = next(number)
        rows = torch.randperm(len(x), generator=torch.Generator().manual_seed(now))[:batch]
        some, seed = x[rows].contiguous(memory_format=torch.channels_last), rows + len(x) * now
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            z = net(torch.cat([views(some, reseeded(seed, 0)), views(some, reseeded(seed, 1))]))
        a, b = z.float().chunk(2)
        descend(optimiser, nt_xent(a, b, 0.2))

    return step


def lightly_batches(pictures: Tensor, batch: int, steps: int) -> Any:
    """Batches of a DataLoader whose workers stay until it is thrown away."""
    from lightly.transforms import SimCLRTransform  # type: ignore[import-not-found]

    data = Pictures(pictures, SimCLRTransform(SIDE, cj_strength=0.5, min_scale=0.2), batch * steps)
    return iter(torch.utils.data.DataLoader(data, batch, num_workers=2, persistent_workers=True))


def of_lightly(batches: Any) -> Step:
    from lightly.loss import NTXentLoss  # type: ignore[import-not-found]

    loss, (net, optimiser) = NTXentLoss(0.2), network(torch.contiguous_format)

    def step() -> None:
        first, second = next(batches)
        a, b = net(torch.cat([first, second])).chunk(2)
        descend(optimiser, loss(a, b))

    return step


def descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


class Pictures(torch.utils.data.Dataset[list[Tensor]]):
    """Pictures of Pillow, as many as are asked for, in two views each."""

    def __init__(self, pictures: Tensor, transform: Callable[[object], list[Tensor]], rows: int) -> None:
        self.pictures, self.transform, self.rows = [to_pil_image(one) for one in pictures], transform, rows

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, row: int) -> list[Tensor]:
        return self.transform(self.pictures[row % len(self.pictures)])
