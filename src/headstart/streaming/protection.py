"""Protection of a source model: adapt only where rows differ from its own, and only while that goes well."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from headstart.nn.source_statistics import SourceStatistics
from headstart.streaming.guards import Memory
from headstart.streaming.mixture import looks_drawn

TOLERANCE = 1 / 3  # share of unusual rows of the model's own kind, at most; among training rows it is 0.1
BETS = (0.5, 1.0, 2.0)  # below 1 / TOLERANCE
FALSE_ALARM = 1e-4  # a stream of the model's own kind raises one alarm in 1 / FALSE_ALARM rows, at most
ENOUGH = math.log(1 / FALSE_ALARM)
RECENT = 32  # rows, or the whole batch, by which the end of a shift is seen
JUDGED = 32  # rows, or the whole batch, by which adapted answers are judged
PATIENCE = 128  # rows in a row that are judged badly, after which everything goes back to the start
FEWEST = 16  # rows, below which nothing is judged
# batches that the adapted model answered, and the source model
COUNTED = ("adapted", "usual", "doubted", "unjudged")
GAP = 0.1  # of the largest class
CLEAR, CLEARER = 0.4, 0.5  # shares of the training rows' mean margin
DRAWN, MANY = 1 / 3, 64  # of the way from no classes to that margin, for random draws; rows that show them
SAME = 1e-4  # features that differ by less are the source model's


class Rows(NamedTuple):
    """A batch as a model sees it."""

    outputs: Tensor  # logits (n, classes)
    features: Tensor  # (n, width)


def forget() -> Memory:
    """What a protection remembers at the start, with the number of batches by what was done."""
    nothing = [torch.zeros(0), torch.zeros(0)]
    rows = {"recent": torch.zeros(0, dtype=torch.bool), "before": nothing, "after": nothing, "refused": 0}
    return {**rows, "evidence": [0.0] * len(BETS), "shifted": False, **dict.fromkeys(COUNTED, 0)}


def differs(unusual: Tensor, memory: Memory) -> bool:
    """Whether the stream differs from training rows now, given which of the next rows (n,) are unusual.

    A bet on unusual rows: a wealth, at least 1 before each row, is multiplied by 1 + bet (b - 1/3), where b
    is 1 for an unusual row and else 0. While the chance of an unusual row is at most a third, whatever came
    before, the mean wealth of three bets first reaches 10,000 after 10,000 rows or more on average (an
    e-detector, arXiv:2203.03532). A shift that was found is over once no more than a third of the last 32
    rows, or of the batch if that is larger, is unusual.

    Args:
        unusual: (n,) bool.
        memory: is changed.
    """
    alarm, logs = False, memory["evidence"]
    for row in unusual.tolist():
        logs = [
            max(log, 0.0) + math.log1p(bet * (row - TOLERANCE)) for log, bet in zip(logs, BETS, strict=True)
        ]
        alarm = alarm or _log_mean(logs) >= ENOUGH
    recent = _latest(memory["recent"], unusual, RECENT)
    over = len(recent) >= RECENT and float(recent.float().mean()) <= TOLERANCE
    shifted = not over if memory["shifted"] else alarm
    ended = memory["shifted"] and over
    memory.update(evidence=[0.0] * len(BETS) if ended else logs, recent=recent, shifted=shifted)
    return shifted


def accepts(source: Rows, adapted: Rows, statistics: SourceStatistics, memory: Memory) -> bool:
    """Whether adapted answers are handed out instead of the source model's, for the same rows.

    By the last 32 rows, or the batch if that is larger, three things must hold, where "centred" is without
    what the features of all rows have moved by. The adapted features tell the classes apart, as statistics of
    a batch that holds few of the classes put those of any row everywhere: centred they lie nearer to their
    class than half-way to the runner-up, and have 0.4 of the margin of training rows. The source model does
    worse: its margin is smaller, by more than two standard errors, or it gives its largest class a tenth more
    of the rows, for which 0.5 of the margin is asked. And the source's features, centred, do not look like
    those of training rows: their distance is off by half a margin, or their margin is the smaller one.

    Or the classes that the adapted model predicts come as random draws of training rows would, in frequency
    and order, over 64 rows or more (see `looks_drawn`). Then a margin is enough that is a third of the way
    from that of features without classes to that of training rows.

    Where adapting has left the features as they are, nothing tells whether its answers are better.

    Args:
        source: the batch as the source model sees it.
        adapted: the same after adapting.
        statistics: of training rows.
        memory: is changed.
    """
    for name, now in {"before": source, "after": adapted}.items():
        memory[name] = [_latest(*pair, JUDGED) for pair in zip(memory[name], now, strict=True)]
    before, after = (Rows(*memory[name]) for name in ("before", "after"))
    if len(after.outputs) < FEWEST or torch.allclose(before.features, after.features, SAME, SAME):
        return False
    (then, fine), (distance, clear) = (_centred(rows, statistics) for rows in (before, after))
    margins = [statistics.distances(rows.features, rows.outputs)[1] for rows in (before, after)]
    if _comes_mixed(after, clear, statistics):
        return True
    share = CLEAR if _is_above(margins[1] - margins[0]) else CLEARER
    worse = share == CLEAR or _largest_share(before) > _largest_share(after) + GAP
    half, usual = statistics.margin / 2, statistics.distance
    intact = abs(then - usual) <= half and fine >= clear
    return worse and not intact and distance <= usual + half and clear >= share * statistics.margin


def _comes_mixed(rows: Rows, clear: float, statistics: SourceStatistics) -> bool:
    """Whether the classes of enough rows look like random draws, with a margin that shows classes."""
    if len(rows.outputs) < MANY or statistics.shares is None:
        return False
    none = statistics.classless
    enough = clear >= none + DRAWN * (statistics.margin - none)
    return enough and looks_drawn(rows.outputs.argmax(1), statistics.shares)


def _centred(rows: Rows, statistics: SourceStatistics) -> tuple[float, float]:
    """Mean distance and margin without what all rows have moved by."""
    features = statistics.centred(rows.features, rows.outputs)
    distances, margins = statistics.distances(features, rows.outputs)
    return float(distances.mean()), float(margins.mean())


def _latest(before: Tensor, now: Tensor, rows: int) -> Tensor:
    """The last rows, or the batch if it is larger; a copy, so that no batch is kept alive."""
    both = torch.cat([before, now]) if len(before) else now
    return both[-max(rows, len(now)) :].clone()


def _is_above(values: Tensor) -> bool:
    """Whether the mean of values (n,) is above 0 by more than two standard errors."""
    return bool(values.mean() > 2 * values.std() / len(values) ** 0.5)


def _largest_share(rows: Rows) -> float:
    return float(torch.bincount(rows.outputs.argmax(1)).max()) / len(rows.outputs)


def _log_mean(logs: list[float]) -> float:
    most = max(logs)
    return most + math.log(sum(math.exp(log - most) for log in logs) / len(logs))
