"""Fine-tuning an in-context network on the rows of one table: parts of them predict the others."""

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from headstart.core import derive_seed
from headstart.core.draws import normals, orders

from .encoder import TAGS
from .head import InContextHead
from .losses import in_context_loss
from .network import CLASSES

SHARE = 0.75  # of the rows of a step whose labels are shown
MOST = 400  # rows of a step
LONGEST = 1.0  # gradient, by its norm


def fine_tune(head: InContextHead, steps: int, lr: float, seed: int = 0) -> None:
    """Train the network of a head on the head's own rows, by AdamW with a rate that falls linearly to 0.

    Args:
        head: with its rows and labels; the network is changed. One row is nothing to learn from.
        steps: >= 0; each is a function of the seed and its number.
        lr: learning rate of the first step, > 0.
        seed: of what is drawn.
    """
    if steps == 0 or len(head.rows) < 2:
        return
    parameters = list(head.network.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=lr, betas=(0.9, 0.98), weight_decay=0.0)
    with torch.enable_grad():
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = lr * (1 - step / steps)
            optimiser.zero_grad()
            split_loss(head, seed, step).backward()  # type: ignore[no-untyped-call]
            clip_grad_norm_(parameters, LONGEST)
            optimiser.step()
    head.zero_grad()


def split_loss(head: InContextHead, seed: int, step: int) -> Tensor:
    """The loss of a step: rows, split at random, of which those shown predict the others.

    What tells columns apart and the order of classes are drawn too, as they differ between passes. Of
    several numbers a row one is predicted, each in its turn.
    """
    drawn = torch.tensor([derive_seed(seed, "fine-tune", step, what) for what in ("rows", "classes", "tags")])
    drawn = drawn.to(head.rows.device)
    order = orders(drawn[:1], len(head.rows))[0, :MOST]
    columns = head.rows.shape[1]
    tags = normals(drawn[2:], columns * TAGS).view(1, columns, TAGS)
    if head.kind == "numbers":
        labels = head.labels[order, step % head.labels.shape[1]]
    else:
        labels = orders(drawn[1:2], CLASSES)[0, head.labels[order]]
    support = min(len(order) - 1, max(1, round(SHARE * len(order))))
    return in_context_loss(head.network, head.rows[order][None], head.coded, labels[None], tags, support)
