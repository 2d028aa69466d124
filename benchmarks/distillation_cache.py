"""An epoch of distillation with what the teacher says recorded, and with the teacher run at each step.

Pictures: EfficientNet-Lite0 at 96 px teaches a network of four convolutions at 48 px. Texts: MiniLM of 6
layers teaches three of its own layers, as `hs.models.smaller` takes them. Recording is not in the times: it
costs what the teacher costs in one epoch. `python -m benchmarks.distillation_cache`
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from benchmarks.paired import interleaved, print_table
from headstart import data as load_data
from headstart.core import LinearHead, Model, Preprocess, TeacherView, make
from headstart.data.dataset import Dataset
from headstart.data.distilled import Said
from headstart.data.samples import Rows
from headstart.models import backbone, smaller
from headstart.models.backbone import AnyBackbone
from headstart.run.loop import train
from headstart.run.recipe import Recipe
from headstart.session.asking import Asked, Teacher
from headstart.session.input_pipeline import batch_stream, method_inputs
from headstart.session.session import Session, _start
from headstart.session.teacher import attach_teacher

ROWS, BATCH, ROUNDS = 256, 32, 5


class Again(Teacher):
    """A teacher that is run whenever it is asked."""

    def ask(
        self, session: Asked, view: TeacherView | None, rows: Rows, shown: Rows, views: int | None
    ) -> Said:
        """The same, not recorded."""
        return super().ask(session, view, rows, shown, None)


def epoch(data: Dataset, teacher: AnyBackbone, student: AnyBackbone, recorded: bool) -> Callable[[], object]:
    """One epoch of distillation."""
    session, method = Session(student, data), make("distillation")
    head = LinearHead(teacher.width, len(data.classes))
    model = Model(teacher, head).eval()
    model.classes = tuple(data.classes)
    session.teacher = attach_teacher(session, model)
    if not recorded:
        session.teacher = Again(session.teacher.members, session.teacher.names)
    rows, recipe = np.arange(len(data)), Recipe(steps=10**6, batch=BATCH, views=0)
    run, _ = _start(session, method, student, None, rows, recipe)
    stream = batch_stream(session, method, method_inputs(session, method, run, None), rows, recipe)
    next(iter(stream(0)))  # records

    def one() -> None:
        ticks = train(run, stream)
        for _ in range(ROWS // BATCH):
            next(ticks)

    return one


class Four(nn.Module):
    """Four convolutions."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 64, 64)
        layers = [nn.Sequential(nn.Conv2d(*both, 3, 2, 1), nn.ReLU()) for both in pairwise(widths)]
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits."""
        found: torch.Tensor = self.head(self.layers(x).mean((2, 3)))
        return found


def main() -> None:
    """Print both tables."""
    digits = load_data.load("digits").subset(np.arange(ROWS))
    large = backbone("efficientnet_lite0", preprocess=Preprocess(size=(96, 96)))
    small = backbone(Four(), preprocess=Preprocess(size=(48, 48)))
    words = np.random.default_rng(0).choice(
        ["a", "film", "that", "was", "good", "bad", "long", "short", "and", "very", "dull"], (ROWS, 24)
    )
    texts = [" ".join(row) for row in words]
    read = load_data.load((texts, [str(row % 2) for row in range(ROWS)]))
    pairs = {
        "pictures": (digits, large, small),
        "texts": (read, backbone("minilm"), smaller(backbone("minilm"), blocks=3)[0]),
    }
    for what, given in pairs.items():
        ways = {"teacher run again": False, "teacher recorded": True}
        found = interleaved({name: epoch(*given, recorded) for name, recorded in ways.items()}, ROUNDS)
        print_table(f"an epoch of {ROWS} {what}, {BATCH} a step", found)


if __name__ == "__main__":
    main()
