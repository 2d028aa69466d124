"""A step of domain-adversarial training: source and target in one forward, or in two.

ResNet-18 with random weights (the time does not depend on them), 64 px pictures, 32 of the source and 32 of
the target a step, all of it learns, batch normalisations keep their statistics. Both sides do forward,
backward and an AdamW step on the same loss; they differ in how often the backbone is called.
`python -m benchmarks.dann_step`
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from benchmarks.paired import interleaved, print_table
from headstart.core import Backbone, Ctx, Domains, Labelled, Parts, Task
from headstart.losses.alignment.domain_confusion import domain_loss
from headstart.losses.alignment.reversal import reverse_gradient
from headstart.losses.label import label_loss
from headstart.methods.inputs.domains.dann import DANN
from headstart.models import backbone

ROWS, SIZE, CLASSES, STEPS, ROUNDS = 32, 64, 10, 1, 5


def batch() -> Domains:
    """Random pictures and labels."""
    g = torch.Generator().manual_seed(0)
    source, target = torch.randn(2, ROWS, 3, SIZE, SIZE, generator=g)
    return Domains(Labelled(source, torch.arange(ROWS) % CLASSES), target)


def one_forward(method: DANN, parts: Parts, rows: Domains, ctx: Ctx) -> Tensor:
    """What headstart does."""
    return method.loss(parts, rows, ctx).total


def two_forwards(method: DANN, parts: Parts, rows: Domains, ctx: Ctx) -> Tensor:
    """What most scripts do."""
    features = [parts["backbone"](x) for x in (rows.source.x, rows.target)]
    logits = [parts["head"](z) for z in features]  # the target's too, as scripts do
    critic, strength = parts["critic"], method.strength(ctx)
    domain = domain_loss(*(critic(reverse_gradient(z, strength)) for z in features))
    return label_loss(logits[0], rows.source.y) + domain


def stepping(body: Backbone, rows: Domains, loss: Callable[..., Tensor]) -> Callable[[], object]:
    """Some steps of one kind."""
    method, ctx = DANN(), Ctx(1, 0.5, lambda gathered: gathered)
    parts = method.parts(body, Task(CLASSES, (3, SIZE, SIZE))).eval()
    optimiser = torch.optim.AdamW(parts.parameters(), lr=1e-5)

    def steps() -> None:
        for _ in range(STEPS):
            optimiser.zero_grad()
            found: Any = loss(method, parts, rows, ctx)
            found.backward()
            optimiser.step()

    return steps


def main() -> None:
    """Print the table."""
    rows = batch()
    same = [backbone("timm:resnet18", weights="random") for _ in range(2)]
    contestants = {
        "two forwards, as most scripts do": stepping(same[0], rows, two_forwards),
        "one forward": stepping(same[1], rows, one_forward),
    }
    title = f"{STEPS} steps of DANN, {ROWS} + {ROWS} pictures at {SIZE} px, {torch.get_num_threads()} threads"
    print_table(title, interleaved(contestants, ROUNDS))


if __name__ == "__main__":
    main()
