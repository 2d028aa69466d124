"""How many passes of `in-context` to average: accuracy and loss on synthetic tables of its prior alone.

The tables are drawn as those of the training are, with a seed that is never learned from: 100 rows with
labels, 48 that are asked for, of 4, 9 and 18 columns. A row whose class none of the 100 has counts as wrong,
and not for the loss. The rule: the fewest passes that are not clearly less accurate than 4.

    python -m benchmarks.tablenet_members [--tables 288] [--threads 1]
"""

import argparse
import math

import torch
from torch import Tensor

from headstart.methods.outputs.in_context.in_context import InContext
from headstart.nn.in_context.head import InContextHead
from headstart.tasks.prior import draw_tables

HELD_OUT, TRAIN, ASKED, COLUMNS, AT_ONCE = 1, 100, 48, (4, 9, 18), 24
MEMBERS, BESIDE = (1, 2, 3, 4, 8), 4  # compared with so many


def answers(x: Tensor, named: Tensor, y: Tensor) -> Tensor:
    """Log probabilities (passes, ASKED, classes) by each pass alone."""
    places = tuple(named.nonzero().flatten().tolist())
    head = InContext(members=max(MEMBERS)).head(x[:TRAIN], y[:TRAIN], int(y.max()) + 1, places)
    assert isinstance(head, InContextHead)
    tags, order = head.tags, head.order
    found = []
    for member in range(len(tags)):
        head.tags, head.order = tags[member : member + 1], order[member : member + 1]
        found.append(head(x[TRAIN:]))
    return torch.stack(found)


def measured(x: Tensor, named: Tensor, y: Tensor) -> tuple[list[float], list[float]]:
    """Accuracy and mean loss of one table, by the number of passes that are averaged."""
    asked, shown = y[TRAIN:], torch.isin(y[TRAIN:], y[:TRAIN])
    said = answers(x, named, y)
    right, lost = [], []
    for count in MEMBERS:
        together = said[:count].logsumexp(0) - math.log(count)
        right.append((together.argmax(1) == asked).float().mean().item())
        losses = -together.gather(1, asked[:, None])[shown]
        lost.append(losses.mean().item() if len(losses) else 0.0)
    return right, lost


def told(values: list[list[float]]) -> list[str]:
    """Means by the number of passes, and how far they are from those of `BESIDE`, with 95 % intervals."""
    found = torch.tensor(values)
    apart = found - found[:, [MEMBERS.index(BESIDE)]]
    half = 1.96 * apart.std(0) / len(found) ** 0.5
    return [
        f"{mean:.4f} ({less:+.4f} +- {by:.4f})"
        for mean, less, by in zip(found.mean(0), apart.mean(0), half, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tables", type=int, default=288)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    right, lost = [], []
    with torch.inference_mode():
        for step in range(math.ceil(options.tables / (AT_ONCE * len(COLUMNS)))):
            for columns in COLUMNS:
                tables = draw_tables(HELD_OUT, step, AT_ONCE, TRAIN + ASKED, columns)
                for one in zip(tables.x, tables.named, tables.y, strict=True):
                    accuracy, loss = measured(*one)
                    right.append(accuracy)
                    lost.append(loss)
    print(f"{len(right)} synthetic tables; in brackets: less {BESIDE} passes, 95 %\n")
    print("| passes | accuracy | loss |\n|---|---|---|")
    for row in zip(MEMBERS, told(right), told(lost), strict=True):
        print("| {} | {} | {} |".format(*row))


if __name__ == "__main__":
    main()
