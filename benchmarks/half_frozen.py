"""Epochs of fine-tuning the upper half: through the frozen half, or from what it gave, recorded.

ResNet-18 with random weights (the time does not depend on them), 128 pictures at 160 px, batches
of 32, the last two stages and the head learn. The plain loop is what most people write: frozen
parameters, evaluation mode below, everything computed anew. Both sides take the same number of
epochs in each round, setting up included. The recording is made before and its cost is shown beside.
`python -m benchmarks.half_frozen`
"""

import copy
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.paired import interleaved, print_table
from headstart.core import Preprocess
from headstart.data.load import load
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.models import backbone
from headstart.nn.processor import bf16_is_fast
from headstart.run.recipe import Precision, Recipe
from headstart.session.session import Session

ROWS, SIZE, BATCH, CLASSES, EPOCHS = 128, 160, 32, 4, 4
RECIPE = Recipe(
    steps=EPOCHS * ROWS // BATCH, batch=BATCH, optimiser="sgd", weight_decay=0.0, clip=None, seed=1
)


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Random pictures and labels."""
    g = np.random.default_rng(0)
    return g.integers(0, 256, (ROWS, SIZE, SIZE, 3), dtype=np.uint8), np.arange(ROWS) % CLASSES


def plain_loop(session: Session) -> Callable[[], object]:
    """The loop that most people write; all epochs in a call."""
    body = copy.deepcopy(session.backbone).to(memory_format=torch.contiguous_format)
    head = nn.Linear(body.width, CLASSES)
    body.requires_grad_(False)
    learning = [p for name in body.blocks[-2:] for p in body.get_submodule(name).parameters()]
    for parameter in learning:
        parameter.requires_grad_(True)
    body.eval()
    optimiser = torch.optim.SGD([*learning, *head.parameters()], lr=1e-3)
    x = session.samples(np.arange(ROWS)).contiguous()
    y = torch.from_numpy(session.data.labels)

    def epochs() -> None:
        for start in [*range(0, ROWS, BATCH)] * EPOCHS:
            part = slice(start, start + BATCH)
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(head(body(x[part])), y[part])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    return epochs


def recorded(session: Session) -> Callable[[], object]:
    """The same by headstart with its cache filled."""
    rows = np.arange(ROWS)
    method = FineTune(last=2)

    def epochs() -> None:
        session.fit(method, rows, RECIPE)

    epochs()  # fills the cache
    return epochs


def main() -> None:
    """Print the table."""
    preprocess = Preprocess(size=(SIZE, SIZE), fit="squash")
    base = backbone("timm:resnet18", weights="random", preprocess=preprocess)
    data = load(pictures())
    with tempfile.TemporaryDirectory() as folder:
        ours: dict[Precision, Callable[[], object]] = {}
        contestants = {"through the frozen half, as most loops do": plain_loop(Session(base, data))}
        both: tuple[Precision, ...] = ("float32", "bf16")
        for precision in both if bf16_is_fast() else both[:1]:
            session = Session(base, data, cache=Path(folder) / precision, precision=precision)
            begun = time.perf_counter()
            ours[precision] = recorded(session)
            print(f"{precision}: recording and the first epochs took {time.perf_counter() - begun:.1f} s")
        contestants |= {f"recorded, {precision}": epochs for precision, epochs in ours.items()}
        print_table(f"{EPOCHS} epochs, upper half learns", interleaved(contestants, 5))


if __name__ == "__main__":
    main()
