"""What is measured of an encoder on held-out rows, before, in the middle of, and after its training."""

import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.data.labels import labels_of
from headstart.data.train_test_split import Rows
from headstart.metrics.intervals import share
from headstart.metrics.neighbours import vote
from headstart.metrics.representations import alignment, effective_rank, feature_spread, uniformity
from headstart.metrics.share_intervals import share_difference
from headstart.records.record import Interval
from headstart.session.pretraining import two_views
from headstart.session.scoring import outputs_of
from headstart.session.session import Session
from headstart.solvers.logistic import logistic
from headstart.studies.pretrain import Evaluated

BANK = 5000  # most training rows that neighbours and probes know
HELD = 2000  # most held-out rows that are looked at
VIEWED = 256  # most of them whose views are compared
TIMED = 8  # rows by which the time of one is estimated
PAIRED = 1000  # most of them whose pairs are
PENALTY = 1.0  # of the probe, on standardised features: nothing is tuned
STUCK = 0.98  # share of the chance level that the last losses have to fall below
COLLAPSED = 0.02  # share of the spread of random directions below which features are the same
LEAST_RANK = 2.0  # effective rank below which they are
RANKED = 10  # fewest rows whose effective rank says so


@dataclass(frozen=True)
class Watched:
    """The rows that an encoder is watched on, and what makes views of them."""

    session: Session
    bank: Rows  # training rows whose classes are known; none where there are no classes
    held: Rows
    classes: int  # 0 where there are none
    views: nn.Module | None
    seed: int


def measure(watched: Watched, encoder: nn.Module) -> dict[str, Any]:
    """Features (n, width) of held-out rows, which of them are right, and the monitors, as plain values."""
    session, encoder = watched.session, encoder.eval()
    device = session.engine.device
    z = outputs_of(encoder, session.source_in(None), watched.held, device)
    found: dict[str, Any] = {
        "features": z,
        "effective_rank": effective_rank(z),
        "spread": feature_spread(z),
        "uniformity": uniformity(z[:PAIRED]) if len(z) > 1 else None,
        "alignment": _alignment(watched, encoder),
    }
    if watched.classes:
        bank = outputs_of(encoder, session.source_in(None), watched.bank, device)
        known, truth = (labels_of(session.data.labels, rows) for rows in (watched.bank, watched.held))
        found["knn"] = vote(z, bank, known, watched.classes).argmax(1) == truth
        found["probe"] = _probe(bank, known, z, watched.classes) == truth
    return found


def seconds_of_row(watched: Watched) -> float:
    """Seconds of the features of a row, by the second time that a few are computed."""
    session, some = watched.session, watched.held[:TIMED]
    encoder = copy.deepcopy(session.backbone).to(session.engine.device).eval()
    ends = [time.perf_counter()]
    for _ in range(2):
        outputs_of(encoder, session.source_in(None), some, session.engine.device)
        ends.append(time.perf_counter())
    return (ends[2] - ends[1]) / len(some)


def rows_measured(watched: Watched) -> int:
    """Rows whose features `measure` computes; each view counts."""
    viewed = 0 if watched.views is None else 2 * min(VIEWED, len(watched.held))
    return len(watched.held) + len(watched.bank) + viewed


def evaluated(step: int, found: dict[str, Any], groups: Rows | None) -> Evaluated:
    """What was measured, for the record."""

    def right(name: str) -> Interval | None:
        return Interval(*share(found[name].numpy(), groups)) if name in found else None

    monitors = (found[name] for name in ("effective_rank", "spread", "uniformity", "alignment"))
    return Evaluated(step, right("knn"), right("probe"), *monitors)


def gain(name: str, after: dict[str, Any], before: dict[str, Any], groups: Rows | None) -> Interval | None:
    """How many more of the held-out rows are right; None where there are no classes."""
    if name not in after:
        return None
    return Interval(*share_difference(after[name].numpy(), before[name].numpy(), groups))


def is_stuck(losses: Sequence[float], chance: float | None) -> bool:
    """Whether the mean of the last quarter of the losses is at most 2 % below the chance level."""
    if chance is None or not losses:
        return False
    return last_quarter(losses) >= STUCK * chance


def last_quarter(losses: Sequence[float]) -> float:
    """The mean of the last quarter of the losses."""
    last = losses[-max(1, len(losses) // 4) :]
    return sum(last) / len(last)


def is_collapsed(found: Evaluated, width: int, rows: int) -> bool:
    """Whether all rows have nearly the same features: a 50th of the spread at random, or a line.

    One row has no spread, and a few have a small rank whatever their features are.
    """
    same = rows > 1 and found.spread < COLLAPSED / math.sqrt(width)
    return same or (rows >= RANKED and found.effective_rank < min(LEAST_RANK, width))


def _alignment(watched: Watched, encoder: nn.Module) -> float | None:
    if watched.views is None or watched.session.backbone.tokens is not None:
        return None
    rows, session = watched.held[:VIEWED], watched.session
    device = session.engine.device
    with torch.inference_mode():
        pair = two_views(watched.views, session.samples(rows), rows, watched.seed)
        first, second = (encoder(view.to(device)).float().cpu() for view in pair)
    return alignment(first, second)


def _probe(x: Tensor, y: Tensor, queries: Tensor, classes: int) -> Tensor:
    """Classes (m,) of queries by a logistic regression on standardised features."""
    mean, std = x.mean(0), x.std(0, correction=0).clamp_min(1e-6)
    try:
        found = logistic((x - mean) / std, y, classes, PENALTY)
    except BadInput:  # features that are all the same
        return torch.full((len(queries),), int(y.bincount(minlength=classes).argmax()))
    return ((queries - mean) / std @ found.weight.T.float() + found.bias.float()).argmax(1)


def thinned(losses: Sequence[float], most: int) -> list[tuple[int, float]]:
    """At most so many pairs of a step and the mean loss of the steps up to it."""
    ends = np.unique(np.linspace(0, len(losses), min(most, len(losses)) + 1).round().astype(int))
    return [(stop, float(np.mean(losses[start:stop]))) for start, stop in pairwise(ends.tolist())]
