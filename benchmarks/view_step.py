"""One step of SimCLR on a ResNet-18 at 96 pixels, views included, for `benchmarks.views --step`."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision.models import resnet18
from torchvision.transforms.functional import to_pil_image

from benchmarks.paired import print_table
from headstart.core.draws import reseeded
from headstart.losses.contrastive.nt_xent import nt_xent
from headstart.nn.projection import projection
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

SIDE, MEAN, STD = 96, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Step = Callable[[], object]


def report(batch: int, rounds: int) -> None:
    """Seconds of a step of each way, in turns; the batches of the workers are ahead of their step."""
    pictures = torch.randint(0, 256, (4 * batch, 3, SIDE, SIDE), dtype=torch.uint8)
    ways: dict[str, Step] = {
        "lightly: transform, 2 workers, loss": of_lightly(pictures, batch, rounds + 1),
        "headstart, float32": of_headstart(pictures, batch, bf16=False),
        "headstart, bfloat16": of_headstart(pictures, batch, bf16=True),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for name, step in ways.items():  # not in turns, or workers would load during the others' steps
        step()
        for _ in range(rounds):
            begun = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - begun)
    print_table(f"One step of SimCLR, ResNet-18, {SIDE} pixels, {batch} pictures", times)


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


def of_lightly(pictures: Tensor, batch: int, steps: int) -> Step:
    from lightly.loss import NTXentLoss  # type: ignore[import-not-found]
    from lightly.transforms import SimCLRTransform  # type: ignore[import-not-found]

    transform = SimCLRTransform(SIDE, cj_strength=0.5, min_scale=0.2)
    loss, (net, optimiser) = NTXentLoss(0.2), network(torch.contiguous_format)
    batches = iter(
        torch.utils.data.DataLoader(Pictures(pictures, transform, batch * steps), batch, num_workers=2)
    )

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
