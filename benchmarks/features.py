"""From pictures in memory to a trained head on a frozen backbone: how much faster, and how right.

The job: 20 epochs of a linear classifier on EfficientNet-Lite0's features of the built-in clip art
(13 classes, uint8 pictures of 160 px). The plain way runs the frozen backbone anew in every epoch
(evaluation mode, no gradients, float32). headstart runs a `fast` copy once, and trains the same head
on its features: same start, same optimiser, same batches in the same order, so that the accuracies
say what the features cost. The last line solves the head to its optimum instead, as the logistic
probe does. Making the fast copy is part of the time measured. The ways take turns, and each ratio is
of two runs next to each other. Test accuracy is worked out outside the time measured, with the
features that each way has. On one thread the time is that of the processor, so that other work on
the machine counts less.

    python benchmarks/features.py [--pictures 200] [--rounds 3] [--threads 1]
"""

import argparse
import io
import statistics
import time
import zipfile
from collections.abc import Callable
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.core import derive_seed
from headstart.models import AnyBackbone, backbone, fast
from headstart.nn.processor import bf16_is_fast
from headstart.solvers.logistic import logistic

EPOCHS = 20
BATCH = 32
SIZE = 160
PENALTY = 1.0
WAYS = {"float32": (False, False), "bf16": (True, False), "bf16, solved head": (True, True)}
TARGETS = {"float32": " (target 40x)", "bf16": " (target 90x)"}

Encode = Callable[[Tensor], Tensor]
Read = Callable[[Tensor], Tensor]


class Way(NamedTuple):
    """A trained head, the features it reads, and what it took."""

    encode: Encode
    head: Read
    seconds: float


def pictures(count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training pictures (count, 3, 160, 160) and labels, then as many others to test on."""
    archive = zipfile.ZipFile(io.BytesIO((files("headstart.data") / "builtin/clipart.zip").read_bytes()))
    names = sorted(name for name in archive.namelist() if "/" in name)
    classes = sorted({name.split("/")[0] for name in names})
    generator = torch.Generator().manual_seed(derive_seed("features"))
    chosen = [names[i] for i in torch.randperm(len(names), generator=generator)[: 2 * count].tolist()]
    x = torch.stack([_square(archive.read(name)) for name in chosen])
    y = torch.tensor([classes.index(name.split("/")[0]) for name in chosen])
    return x[:count], y[:count], x[count:], y[count:]


def _square(content: bytes) -> Tensor:
    picture = Image.open(io.BytesIO(content)).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()


def now() -> float:
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def trained(features: Read, rows: int, y: Tensor, width: int, classes: int) -> nn.Linear:
    """A linear head after the epochs of Adam; `features` answers for row numbers (n,)."""
    head = nn.Linear(width, classes)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimiser = torch.optim.Adam(head.parameters(), lr=3e-3)
    generator = torch.Generator().manual_seed(derive_seed("order"))
    for _ in range(EPOCHS):
        for some in torch.split(torch.randperm(rows, generator=generator), BATCH):
            with torch.no_grad():
                x = features(some)
            loss = F.cross_entropy(head(x), y[some])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return head


def every_epoch(base: AnyBackbone, x: Tensor, y: Tensor, classes: int) -> Way:
    """The frozen backbone is run anew in every epoch."""
    start = now()
    head = trained(lambda rows: base(x[rows]), len(x), y, base.width, classes)
    return Way(base, head, now() - start)


def once(base: AnyBackbone, x: Tensor, y: Tensor, classes: int, bf16: bool, solved: bool) -> Way:
    """A fast copy is run once; the head is trained, or solved for, on what it gave."""
    start = now()
    encode = fast(base, bf16=bf16)
    with torch.no_grad():
        features = torch.cat([encode(some) for some in torch.split(x, BATCH)]).float()
    head: Read
    if solved:
        found = logistic(features, y, classes, PENALTY)
        head = lambda given: given @ found.weight.T + found.bias  # noqa: E731
    else:
        head = trained(lambda rows: features[rows], len(x), y, base.width, classes)
    return Way(encode, head, now() - start)


def accuracy(way: Way, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        answers = torch.cat([way.head(way.encode(some).float()) for some in torch.split(x, BATCH)]).argmax(1)
    return float((answers == y).double().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pictures", type=int, default=200, help="to train on; as many to test on")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    x, y, test, truth = pictures(options.pictures)
    classes = int(torch.cat([y, truth]).max()) + 1
    base = backbone("efficientnet_lite0")
    for how in WAYS.values():  # the first call of each kind sets things up inside torch
        once(base, x[:BATCH], y[:BATCH], classes, *how)

    ratios: dict[str, list[float]] = {name: [] for name in WAYS}
    seconds: dict[str, list[float]] = {name: [] for name in ("plain", *WAYS)}
    right: dict[str, float] = {}
    for number in range(options.rounds):
        plain = every_epoch(base, x, y, classes)
        ways = {"plain": plain}
        for name, how in WAYS.items():
            ways[name] = once(base, x, y, classes, *how)
            ratios[name].append(plain.seconds / ways[name].seconds)
        for name, way in ways.items():
            seconds[name].append(way.seconds)
            right.setdefault(name, accuracy(way, test, truth))
        print(
            f"round {number + 1}: " + ", ".join(f"{n} {w.seconds:.2f} s" for n, w in ways.items()), flush=True
        )
    print(f"{options.pictures} pictures of {SIZE} px, {EPOCHS} epochs, {options.threads} thread(s)")
    if not bf16_is_fast():
        print("  This processor has no unit for bf16: those rows are in float32, too.")
    for name in seconds:
        middle = statistics.median(seconds[name])
        ratio = f"{statistics.median(ratios.get(name, [1.0])):.0f}x{TARGETS.get(name, '')}"
        print(f"  {name:18s} {middle:8.2f} s  {ratio:18s} test accuracy {right[name]:.3f}")


if __name__ == "__main__":
    main()
