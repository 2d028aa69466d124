"""Random views of pictures, SimCLR's recipe: headstart against torchvision, picture by picture, and kornia.

    python -m benchmarks.views [--sizes 28 96 224] [--rounds 7] [--step] [--batch 64]

One thread in one process, in turns; processor seconds, so that other work on the machine counts less. With
--step one step of SimCLR on a ResNet-18 at 96 pixels, views included, against lightly's transform in a
DataLoader with 2 workers, whose processor seconds are added, and its loss. kornia and lightly are left out
where they are not installed: `pip install --target PEERS --no-deps kornia kornia-rs lightly lightly-utils`,
then PYTHONPATH=PEERS.
"""

import argparse
import importlib.util
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms import v2

from benchmarks.paired import interleaved, print_table, times_faster
from headstart.nn.views.geometry import kernel_taps
from headstart.nn.views.pictures import PictureViews
from headstart.nn.views.recipe import PictureRecipe

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PICTURES = {28: 512, 96: 128, 224: 32}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--sizes", type=int, nargs="*", default=[28, 96, 224])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--step", action="store_true", help="a whole step of SimCLR")
    options.add_argument("--batch", type=int, default=32, help="pictures of a step")
    asked = options.parse_args()
    if asked.step:
        from benchmarks.view_step import report

        report(asked.batch, asked.rounds)
        return
    torch.set_num_threads(1)
    for side in asked.sizes:
        compare(side, PICTURES.get(side, 64), asked.rounds)


def compare(side: int, rows: int, rounds: int) -> None:
    """Pictures a second of each way, and how many times faster than torchvision's on tensors."""
    x = torch.randint(0, 256, (rows, 3, side, side), dtype=torch.uint8)
    ways = {"torchvision v2, tensors": of_torchvision(x, side), "torchvision v2, Pillow": of_pillow(x, side)}
    if importlib.util.find_spec("kornia"):
        ways["kornia"] = of_kornia(x, side)
    ways["headstart"] = of_headstart(x, side)
    times = interleaved(ways, rounds, time.process_time)
    each = {name: [one / rows * 1000 for one in taken] for name, taken in times.items()}
    print_table(f"A view of {side} pixels on one core, {rows} pictures", each, "ms")
    ratios = [f"{times_faster(each['headstart'], other):.2f} of {name}" for name, other in each.items()]
    print(f"\nheadstart is as many times faster: {', '.join(ratios[:-1])}")


def of_headstart(x: Tensor, side: int) -> Callable[[], Tensor]:
    """The view engine on the batch."""
    blur = 0.5 if side >= 64 else 0.0
    recipe = PictureRecipe(crop=(0.2, 1), flip=0.5, colour=0.5, grey=0.2, blur=blur)
    views, number = PictureViews(recipe, torch.tensor(MEAN), torch.tensor(STD)), iter(range(10**9))
    return lambda: views(x, torch.arange(len(x)) + len(x) * next(number))


def steps(side: int) -> list[torch.nn.Module]:
    """SimCLR's recipe as transforms of torchvision."""
    jitter = v2.ColorJitter(0.4, 0.4, 0.4, 0.1)
    made = [
        v2.RandomResizedCrop(side, scale=(0.2, 1), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([jitter], 0.8),
        v2.RandomGrayscale(0.2),
    ]
    blur = v2.RandomApply([v2.GaussianBlur(kernel_taps(side), (0.1, 2.0))], 0.5)
    return [*made, blur] if side >= 64 else made


def of_torchvision(x: Tensor, side: int) -> Callable[[], Tensor]:
    """Torchvision on one uint8 tensor after the other."""
    whole = v2.Compose([*steps(side), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    return lambda: torch.stack([whole(one) for one in x])


def of_pillow(x: Tensor, side: int) -> Callable[[], Tensor]:
    """Torchvision on one Pillow picture after the other."""
    last = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    whole = v2.Compose([*steps(side), *last])
    pictures = [v2.functional.to_pil_image(one) for one in x]
    return lambda: torch.stack([whole(one) for one in pictures])


def of_kornia(x: Tensor, side: int) -> Callable[[], Tensor]:
    """Kornia on the batch, with one draw a picture."""
    from kornia import augmentation as k  # type: ignore[import-not-found]

    made = [
        k.RandomResizedCrop((side, side), scale=(0.2, 1.0), cropping_mode="resample"),
        k.RandomHorizontalFlip(p=0.5),
        k.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        k.RandomGrayscale(p=0.2),
    ]
    if side >= 64:
        taps = kernel_taps(side)
        made.append(k.RandomGaussianBlur((taps, taps), (0.1, 2.0), p=0.5))
    whole = torch.nn.Sequential(*made, k.Normalize(torch.tensor(MEAN), torch.tensor(STD)))
    return lambda: whole(x.float() / 255)


if __name__ == "__main__":
    main()
