"""What is measured of drawn rows, beside rows that the generative model has not seen."""

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.data.pooled import pool
from headstart.data.random_draws import shuffled
from headstart.data.splits import folds
from headstart.generators.spaces.space import Space
from headstart.metrics.generative import density_coverage, memorisation
from headstart.metrics.intervals import share
from headstart.metrics.repeats import student
from headstart.metrics.shift.apart import auc
from headstart.records.record import Interval
from headstart.session.fitted import Fitted
from headstart.studies.generate import (
    AUGMENTED,
    BOTH,
    ONLY,
    REAL,
    SAMPLES,
    Arm,
    Checks,
    GeneratedClass,
    GenerateSettings,
)
from headstart.studies.generate.nets import Nets, augmented, features_of

NEIGHBOURS = 5  # of density and coverage
ARMS = {  # titles, in the order of the page
    REAL: "real rows, no augmentation",
    AUGMENTED: "real rows, ordinary augmentation",
    SAMPLES: "real rows and samples",
    BOTH: "real rows and samples, ordinary augmentation",
    ONLY: "samples alone",
}


@dataclass(frozen=True)
class Compared:
    """Training rows, held-out rows and drawn rows, one below the other in `data`."""

    train: Dataset
    test: Dataset
    drawn: Dataset
    space: Space

    @property
    def data(self) -> Dataset:
        """All of them."""
        return pool([_plain(self.train, "real"), _plain(self.test, "held out"), _plain(self.drawn, "drawn")])

    @property
    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The rows of each in `data`."""
        ends = np.cumsum([0, len(self.train), len(self.test), len(self.drawn)])
        one, two, three = (np.arange(start, end) for start, end in pairwise(ends.tolist()))
        return one, two, three


def measure(compared: Compared, nets: Nets, settings: GenerateSettings) -> Checks:
    """Compare the samples themselves."""
    seed, space = settings.seed, compared.space
    train, test, drawn = (
        space.encode(each).flatten(1).numpy() for each in (compared.train, compared.test, compared.drawn)
    )
    near = memorisation(drawn, test, train, derive_seed(seed, "memorisation"))
    data, places = compared.data, compared.places
    fitted = nets.fit(data, derive_seed(seed, "tell classes"), places[0])
    right = [fitted.logits(rows).argmax(1).numpy() == data.labels[rows] for rows in places]
    return Checks(
        memorisation=None if near.ratio is None else Interval(*near.ratio),
        copies=near.copies,
        auc=told_apart(data, places[1], places[2], nets, seed),
        told=Interval(*share(right[2])),
        told_real=Interval(*share(right[1], compared.test.groups)),
        per_class=_per_class(data, places, fitted, right[2], seed),
    )


def told_apart(
    data: Dataset, real: NDArray[np.int64], drawn: NDArray[np.int64], nets: Nets, seed: int
) -> Interval:
    """AUC of nets that tell drawn rows from real ones that no model has seen, each on rows it has not seen.

    Two nets, each trained on half of both (classifier two-sample test, arXiv:1610.06545); of the larger set
    as many rows are taken as the smaller has.
    """
    fewest = min(len(real), len(drawn))
    some = [
        np.sort(rows[shuffled(len(rows), seed, "apart", name)[:fewest]])
        for name, rows in (("r", real), ("d", drawn))
    ]
    rows = np.concatenate(some)
    labels = np.zeros(len(data), np.int64)
    labels[drawn] = 1
    pair = replace(data, classes=("real", "drawn"), labels=labels)
    half = folds(labels[rows], pair.groups_of(rows), 2, derive_seed(seed, "halves"))
    scores = np.empty(len(rows))
    for number in (0, 1):
        learn, ask = rows[half != number], half == number
        fitted = nets.fit(pair, derive_seed(seed, "tell apart", number), learn)
        logits = fitted.logits(rows[ask]).double()
        scores[ask] = (logits[:, 1] - logits[:, 0]).numpy()
    return Interval(*auc(scores[:fewest], scores[fewest:]))


def _per_class(
    data: Dataset, places: Any, fitted: Fitted, right: NDArray[np.bool_], seed: int
) -> list[GeneratedClass]:
    """The samples of each class, compared in the features of the net that knows the classes."""
    train, test, drawn = (features_of(fitted, rows) for rows in places)
    of = [data.labels[rows] for rows in places]
    found = []
    for number, name in enumerate(data.classes):
        real, made, known = test[of[1] == number], drawn[of[2] == number], train[of[0] == number]
        figures: list[float | None] = [None] * 4
        if len(real) > NEIGHBOURS:
            many = min(len(made), len(known))  # as many of both: coverage grows with them
            some = [each[shuffled(len(each), seed, "cover", number)[:many]] for each in (made, known)]
            figures = [value for each in some for value in density_coverage(real, each, NEIGHBOURS)]
        mine = right[of[2] == number]
        found.append(
            GeneratedClass(name, int((of[0] == number).sum()), len(made), Interval(*share(mine)), *figures)
        )
    return found


def accuracies(
    compared: Compared, nets: Nets, settings: GenerateSettings, weight: float, seed: int
) -> dict[str, float]:
    """Accuracy on the held-out rows of a net trained in each way, by the name of the arm."""
    train, test, drawn = (
        _plain(each, name)
        for each, name in ((compared.train, "real"), (compared.test, "held out"), (compared.drawn, "drawn"))
    )
    found = {}
    for arm in ARMS:
        real, augment = train, None
        if arm in (AUGMENTED, BOTH):
            real, augment = augmented(train, compared.space, seed, settings.flip)
        real = _plain(real, "real")
        learned = {SAMPLES: [real, drawn], BOTH: [real, drawn], ONLY: [drawn]}.get(arm, [real])
        data = pool([*learned, test])
        rows = np.arange(sum(map(len, learned)))
        weights = np.ones(len(data))
        if len(learned) == 2:
            weights[len(real) : len(rows)] = weight * len(real) / len(train)
        fitted = nets.fit(data, seed, rows, weights, augment)
        answers = fitted.logits(np.arange(len(rows), len(data))).argmax(1).numpy()
        found[arm] = float((answers == test.labels).mean())
    return found


def arms_of(scores: list[dict[str, float]]) -> tuple[list[Arm], str]:
    """The arms over the seeds, with their gains over the better arm without samples, and its name."""
    means = {name: fmean(each[name] for each in scores) for name in (AUGMENTED, REAL)}
    reference = max(means, key=lambda name: means[name])
    found = []
    for name, title in ARMS.items():
        mine, gain = [each[name] for each in scores], None
        if name != reference and len(scores) > 1:
            gain = Interval(*student([each[name] - each[reference] for each in scores], -1.0, 1.0))
        interval = Interval(*student(mine, 0.0, 1.0)) if len(scores) > 1 else None
        found.append(Arm(name, title, mine, fmean(mine), interval, gain))
    return found, reference


def verdict(arms: list[Arm]) -> str:
    """Whether samples help, as "yes", "no" or "unclear", by the two arms of real rows and samples.

    "yes" if the interval of a gain lies above 0, "no" if no mean does; of one seed nothing is known.
    """
    gains = [arm.gain for arm in arms if arm.name in (SAMPLES, BOTH) and arm.gain is not None]
    if any(gain.low > 0 for gain in gains):
        return "yes"
    return "no" if gains and all(gain.value <= 0 for gain in gains) else "unclear"


def usual_weight(settings: GenerateSettings, real: int, drawn: int) -> float:
    """The weight that was asked for, or that with which drawn rows weigh no more than the real ones."""
    return settings.weight if settings.weight is not None else min(1.0, real / drawn)


def _plain(data: Dataset, name: str) -> Dataset:
    """The rows without what only splits need and without row numbers and IDs, under a name of their own."""
    plain = replace(
        data, name=name, groups=None, split=None, attributes=None, attribute_names=(), findings=()
    )
    table = data.table
    if table is None or not table.ids:
        return plain
    kept = [place for place, column in enumerate(table.names) if column not in table.ids]
    names, kinds = tuple(table.names[place] for place in kept), tuple(table.kinds[place] for place in kept)
    words = {column: said for column, said in table.words.items() if column in names}
    drawn = replace(
        table, names=names, kinds=kinds, values=table.values[:, kept], words=words, ids={}, passed=()
    )
    return replace(plain, samples=drawn)
