"""The attentive probe: which places of a block's output are read is learned along with what is read there.

Readers of all folds and all tasks are trained side by side by full-batch descent (AdamW, rates that fall
along a cosine). As every probe has something to choose, this one chooses how many steps to take: at a few
marks the rows that were held out are asked, and the mark of the least loss on them counts.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from headstart.losses.label import label_loss
from headstart.models.places import Places
from headstart.nn.attention import AttentionReaders

STEPS = 80
MARKS = (10, 20, 40, 80)
LR = 0.02
DECAY = 0.05
WIDEST = 256  # features that are read; wider blocks are turned to their first principal axes
NUMBERS = 2**24  # read by all readers at once; of more, rows are taken in turn


def attentive(
    found: Places, tasks: Sequence[Tensor], outputs: int, folds: Tensor
) -> list[tuple[Tensor, Tensor]]:
    """What readers say of n rows in each task: held out by folds, and fitted to all rows.

    Args:
        found: (n, p, d) and which places are there.
        tasks: labels of the rows; how many steps the fit on all rows takes is chosen for the first ones.
        outputs: classes, tags or columns.
        folds: (n,) the fold that holds a row out.
    """
    numbers = torch.unique(folds)
    seen = torch.stack([folds != number for number in numbers] + [torch.ones_like(folds, dtype=torch.bool)])
    places = Places(_standard(found), found.there)
    readers = AttentionReaders(len(seen) * len(tasks), places.value.shape[2], outputs)
    marks = _descend(readers, places, torch.stack(list(tasks)), seen)
    results, chosen = [], -1
    for number, y in enumerate(tasks):
        own = [said[number * len(seen) : (number + 1) * len(seen)] for said in marks]
        held = [_held_out(answers, seen) for answers in own]
        best = min(range(len(marks)), key=lambda i: float(label_loss(held[i], y)))
        chosen = best if chosen < 0 else chosen
        results.append((held[best], own[chosen][-1]))
    return results


def _standard(found: Places) -> Tensor:
    """Features of mean 0 and deviation 1 over all places that are there; of many, their principal axes."""
    real = found.value[found.there]
    deviation, mean = torch.std_mean(real, 0, correction=0)
    scale = torch.where(deviation > 1e-6 * deviation.max(), 1 / deviation, 0)
    value = (found.value - mean) * scale * found.there[..., None]
    if value.shape[2] <= WIDEST:
        return value
    rows = value.flatten(0, 1)
    turned: Tensor = value @ torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -WIDEST:]
    return turned


def _descend(readers: AttentionReaders, places: Places, tasks: Tensor, seen: Tensor) -> list[Tensor]:
    """What the readers say (h, n, outputs) at each of the marks; tasks (t, n, ...), seen (folds + 1, n)."""
    groups = [
        {"params": [readers.query, readers.weight], "weight_decay": DECAY},
        {"params": [readers.bias], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=LR)
    counts = (seen / seen.sum(1, keepdim=True)).repeat(len(tasks), 1)  # (h, n): of each row to each reader
    labels = tasks.repeat_interleave(len(seen), 0)
    shares = torch.split(torch.arange(len(places.value)), max(1, NUMBERS // readers.query.numel()))
    said = []
    for step in range(1, STEPS + 1):
        for group in optimiser.param_groups:
            group["lr"] = LR * 0.5 * (1 + math.cos(math.pi * (step - 1) / STEPS))
        optimiser.zero_grad()
        for rows in shares:
            outputs = readers(places.value[rows], places.there[rows])
            (_losses(outputs, labels[:, rows]) * counts[:, rows]).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if step in MARKS:
            with torch.no_grad():
                said.append(torch.cat([readers(places.value[r], places.there[r]) for r in shares], 1))
    return said


def _losses(outputs: Tensor, labels: Tensor) -> Tensor:
    """The loss (h, n) of each row by each reader; see `label_loss`."""
    if labels.ndim == 2:
        return cross_entropy(outputs.mT, labels, reduction="none")
    if labels.dtype == torch.bool:
        return binary_cross_entropy_with_logits(outputs, labels.to(outputs), reduction="none").mean(2)
    return (outputs - labels.to(outputs)).square().mean(2)


def _held_out(answers: Tensor, seen: Tensor) -> Tensor:
    """Each row by the reader that had not seen it: answers (folds + 1, n, outputs) -> (n, outputs)."""
    return answers[(~seen).int().argmax(0), torch.arange(answers.shape[1])]
