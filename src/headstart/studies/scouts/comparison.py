"""Few-shot training with guides, without, and with the controls that tell what guides are worth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from headstart.core import BadInput, Diverged, Guides, Method, derive_seed
from headstart.data.splits import per_class
from headstart.data.train_test_split import Rows
from headstart.face import spell
from headstart.metrics.repeats import student
from headstart.records.record import Interval
from headstart.run.recipe import Recipe
from headstart.session.session import Session
from headstart.studies._trials import Trial
from headstart.studies.scouts import GUIDED, LEAST, PLAIN, SLOWER, GuideArm, ScoutsSettings

SHUFFLED, CONSTANT, INVERTED = "shuffled", "constant", "inverted"
ANCHOR, GRADIENT = "anchor", "gradient"
TITLES = {
    PLAIN: "no guides",
    GUIDED: "guides",
    SHUFFLED: "guides in random order",
    CONSTANT: "one constant guide a tensor",
    INVERTED: "inverted guides",
    SLOWER: "no guides, a smaller rate",
    ANCHOR: "an anchor to the start",
    GRADIENT: "scaled gradients",
}
FIRST, CHOOSING = 1000, 3  # first draw and number of draws that rates are chosen on
CONTROLS = (SHUFFLED, CONSTANT, SLOWER)  # which guides have to beat for the order of weights to matter


@dataclass(frozen=True)
class Comparison:
    """Trainings on a target that differ in the guides alone.

    Attributes:
        session: on the target, without guides.
        rest: rows that labelled ones are drawn from.
        held: rows that all are tested on.
        method: that trains.
        settings: of the study.
        guides: of the backbone, which scale updates.
    """

    session: Session
    rest: Rows
    held: Rows
    method: Method[Any]
    settings: ScoutsSettings
    guides: Guides

    def rows(self, seed: int) -> Rows:
        """The labelled rows of a draw."""
        strata = self.session.data.labels[self.rest]
        return self.rest[
            per_class(strata, self.settings.labels, derive_seed(self.settings.seed, "draw", seed))
        ]

    def rates(self) -> list[Trial]:
        """A fit for each arm, rate and draw of their own, where there are rates to choose from.

        They are tested on the rows that are neither held out nor learned from in the draw.
        """
        several = self.settings.target_lr if len(self.settings.target_lr) > 1 else ()
        if several and len(self.rows(FIRST)) == len(self.rest):
            raise BadInput(
                f"{self.session.data.name} has {len(self.rest)} rows that are not held out, and "
                f"{self.settings.labels} of each class are learned from: none left to choose among rates "
                f"with. Give fewer {spell('labels')}, or one rate as {spell('target_lr')}."
            )
        return [
            self._trial(arm, lr, FIRST + draw, ("rate", arm, lr, draw))
            for draw in range(CHOOSING)
            for arm in TITLES
            for lr in several
        ]

    def best(self, found: Mapping[Any, Mapping[str, float]]) -> dict[str, float]:
        """The rate of each arm that did best on average in the trials of `rates`."""
        rates = self.settings.target_lr
        means = {
            (arm, lr): np.mean([v["accuracy"] for k, v in found.items() if k[1:3] == (arm, lr)] or [0.0])
            for arm in TITLES
            for lr in rates
        }
        return {arm: max(rates, key=lambda lr: means[arm, lr]) for arm in TITLES}

    def trials(self, rates: Mapping[str, float]) -> list[Trial]:
        """One fit for each draw and arm at its rate; the arms of a draw are computed all or none."""
        seeds = range(self.settings.seeds)
        return [self._trial(arm, rates[arm], seed, (arm, seed)) for seed in seeds for arm in TITLES]

    def _trial(self, arm: str, lr: float, seed: int, key: Any) -> Trial:
        def compute(checkpoint: Path) -> dict[str, float]:
            return self.fit(arm, lr, seed, checkpoint)

        name, draw = f"guides {arm} {lr:g} {seed}", f"draw {seed}"
        return Trial(key, name, f"{TITLES[arm]}, {draw}", compute, 2.0, round=draw)

    def fit(self, arm: str, lr: float, seed: int, checkpoint: Path) -> dict[str, float]:
        """Accuracy on the held-out rows, or on the rest if the draw is one for rates; and the seconds."""
        guides, slower = self.of(arm, seed)
        rows = self.rows(seed)
        recipe = Recipe(
            steps=self.settings.target_steps,
            batch=min(self.settings.batch, len(rows)),
            lr=lr * slower,
            seed=derive_seed(self.settings.seed, "fit", seed),
        )
        session = replace(self.session, guides=guides)
        begun = perf_counter()
        fitted = session.fit(self.method, rows, recipe, name=f"{arm} {seed}", checkpoint=checkpoint)
        took = perf_counter() - begun
        tested = np.setdiff1d(self.rest, rows) if seed >= FIRST else self.held
        right = fitted.logits(tested).argmax(1).numpy() == self.session.data.labels[tested]
        return {"accuracy": float(right.mean()), "seconds": took}

    def of(self, arm: str, seed: int) -> tuple[Guides | None, float]:
        """The guides of an arm, and the factor on its learning rate."""
        guides = self.guides
        made: dict[str, Guides] = {
            GUIDED: guides,
            SHUFFLED: guides.shuffled(seed),
            CONSTANT: guides.constant(),
            INVERTED: guides.inverted(),
            ANCHOR: replace(guides, use="anchor", strength=self.settings.anchor),
            GRADIENT: replace(guides, use="gradient"),
        }
        return made.get(arm), max(guides.mean, LEAST) if arm == SLOWER else 1.0


def arms_of(
    found: Mapping[Any, Mapping[str, float]], seeds: int, rates: Mapping[str, float]
) -> list[GuideArm]:
    """Each arm with its gains, over the draws of which all arms have a value."""
    whole = [seed for seed in range(seeds) if all((arm, seed) in found for arm in TITLES)]
    scores = {arm: [found[arm, seed]["accuracy"] for seed in whole] for arm in TITLES}
    if not whole:
        raise Diverged(
            f"In no draw did training go well in all {len(TITLES)} ways, so that nothing can be compared. "
            f"A lower {spell('target_lr')} may help."
        )
    seconds = {arm: float(np.median([found[arm, seed]["seconds"] for seed in whole])) for arm in TITLES}
    return [
        GuideArm(
            name=arm,
            title=title,
            scores=scores[arm],
            mean=float(np.mean(scores[arm])),
            interval=_interval(scores[arm], 0.0, 1.0),
            gain=None if arm == PLAIN else _paired(scores[arm], scores[PLAIN]),
            behind=None if arm == GUIDED else _paired(scores[GUIDED], scores[arm]),
            seconds=seconds[arm],
            lr=rates[arm],
        )
        for arm, title in TITLES.items()
    ]


def verdict_of(arms: list[GuideArm]) -> str:
    """What the comparison says, by a rule that was fixed before any result.

    "helps": guided training is surely better than plain training and than each of the controls that ignore
    which weights the guides are of. "controls": surely better than plain training, but not than all of
    these. "harms": surely worse than plain training. "unclear": none of these.
    """
    by_name = {arm.name: arm for arm in arms}
    gain = by_name[GUIDED].gain
    if gain is None:
        return "unclear"
    if gain.high < 0:
        return "harms"
    if gain.low <= 0:
        return "unclear"
    ahead = [behind for name in CONTROLS if (behind := by_name[name].behind) is not None]
    return "helps" if all(one.low > 0 for one in ahead) else "controls"


def _paired(one: list[float], other: list[float]) -> Interval | None:
    return _interval(np.subtract(one, other).tolist())


def _interval(values: list[float], *ends: float) -> Interval | None:
    if len(values) < 2:
        return None
    found = student(values, *ends)
    return Interval(found.value, found.low, found.high)
