"""Joint training of two tasks against transfer from one to the other: what each gains and keeps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import OWN, UPSTREAM, Rows, a_class, convnet, of_classes, split
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.load import load
from headstart.models.backbone import backbone
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe
from headstart.session.fitted import Fitted
from headstart.session.session import Session
from headstart.session.session_data import attach_source

LABELS = 5  # of each class of the new task
TUNED = "fine-tune:backbone_lr=1.0"


def learn(start: Any, rows: Rows, recipe: Recipe, method: str = TUNED, source: Rows | None = None) -> Fitted:
    """A model of rows, by a method; with a source by one that learns both."""
    session = Session(start, load(rows.arrays))
    session.source = attach_source(session, [load(source.arrays)]) if source else None
    return session.fit(make(method), np.arange(len(rows)), recipe)


def right(body: nn.Module, head: nn.Module, rows: Rows) -> float:
    """Share of the rows that a backbone with a head says right."""
    with torch.no_grad():
        said: Tensor = head(body.eval()(rows.x)).argmax(1)
    return float((said == rows.y).double().mean())


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on the new task and on the old one, after each way of learning."""
    random = lab.generator("joint rows", seed)
    source, old = split(of_classes(UPSTREAM), 300, random)
    pool, new = split(of_classes(OWN), 500, random)
    few = a_class(pool, LABELS, random)
    steps = lab.pick(quick=200, full=1000, tiny=3)
    recipe = Recipe(steps=steps, batch=25, lr=3e-3, weight_decay=0.0, seed=lab.derive("joint", seed))
    net = convnet(lab.generator("joint start", seed))[:-1]
    fresh = backbone(net, example=source.x[:2], head=None)
    before = learn(fresh, source, recipe)
    weight = 0.0 if lab.null else 1.0
    ways = {
        "alone": learn(fresh, few, recipe),
        "transfer": learn(before.model.backbone, few, recipe),
        "joint": learn(fresh, few, recipe, f"multi-task:backbone_lr=1.0,weight={weight}", source),
    }
    found: Numbers = {name: right(one.model.backbone, one.model.head, new) for name, one in ways.items()}
    old_head: Any = ways["joint"].run.parts["source heads"]
    found["old before"] = right(before.model.backbone, before.model.head, old)
    found["old transfer"] = right(ways["transfer"].model.backbone, before.model.head, old)
    found["old joint"] = right(ways["joint"].model.backbone, old_head[0], old)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Accuracies on the new task, and on the old one."""
    new = {
        "alone": "the new task alone",
        "transfer": "pre-training, then fine-tuning",
        "joint": "both at once",
    }
    old = {"before": "after pre-training", "transfer": "after fine-tuning", "joint": "both at once"}
    marks = [Mark(title, mean_of(seeds, name), name == "joint") for name, title in new.items()]
    kept = [Mark(title, mean_of(seeds, f"old {name}"), name == "joint") for name, title in old.items()]
    return [
        Panel("On the new task, digits 5 to 9", "accuracy", marks=marks, zero=0.2),
        Panel("On the old task, digits 0 to 4", "accuracy", marks=kept, zero=0.2),
    ]


CLAIM = Claim(
    number=28,
    name="joint-training",
    title="With the source data at hand, joint training gains as much and forgets nothing",
    statement=(
        "Training one network on the old and the new task at once is better on the new task than learning it "
        "alone, and not more than 3 points worse than pre-training and fine-tuning. It keeps the old task, "
        "which fine-tuning without the source data forgets by more than 5 points."
    ),
    paper="doi:10.1023/A:1007379606734",
    data="Digits: 0 to 4 are the old task, 300 of them to test; 5 to 9 the new one, with 5 labels each.",
    compared=(
        "Joint training, pre-training and then fine-tuning, and the new task alone: the same first weights, "
        "new labels and steps. Joint steps take as many old rows beside the new ones as pre-training takes."
    ),
    null="the old task's loss has the weight 0 in joint training",
    holds="If you have the source data and care for its task, train on both; else fine-tune.",
    fails="The tasks disturbed each other, or fine-tuning forgot little: pre-train and fine-tune.",
    effects=(
        Effect("New task: joint over alone", difference("joint", "alone")),
        Effect("New task: joint over fine-tuned", difference("joint", "transfer"), above=-0.03),
        Effect("Old task: joint over fine-tuned", difference("old joint", "old transfer"), above=0.05),
    ),
    measure=measure,
    draw=draw,
)
