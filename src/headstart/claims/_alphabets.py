"""Sixty made-up characters to pre-train on, ten others to learn: first weights, and curves over labels."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from headstart.claims._characters import alphabet, network, written
from headstart.claims._digits import Rows, a_class, accuracy, weights_of
from headstart.claims._lab import Lab
from headstart.claims._tuning import FULL, few_of
from headstart.core import make
from headstart.data.domains import Domains
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.run.recipe import Recipe

BEFORE, OWN = 60, 10  # characters of the two alphabets
EACH, TESTED = 80, 50  # rows of each character, and others of each of one's own that judge
LABELS = (1, 2, 5, 20, 80)  # of each of one's own
RATE = 1e-2  # of all that starts from random weights, and of what is compared with it
CHARACTERS = (
    "Made up: characters of three strokes each, by an unsteady hand. {before} of each of 60 to pre-train "
    "on; of 10 others {labels} each to learn from, and 50 rows of each to test."
)


def characters(lab: Lab, seed: int) -> tuple[Rows, Rows]:
    """Rows of one's own characters to learn from, and others that judge."""
    random = lab.generator("own alphabet", seed)
    own = alphabet(OWN, random)
    return written(own, EACH, random), written(own, TESTED, random)


def others(lab: Lab, seed: int, count: int = BEFORE) -> Rows:
    """Rows of the alphabet that is learned before, or of its first characters alone."""
    random = lab.generator("alphabet before", seed)
    return written(alphabet(BEFORE, random)[:count], lab.pick(quick=EACH, full=EACH, tiny=12), random)


def start(lab: Lab, seed: int, name: str = "") -> nn.Sequential:
    """Random weights: where pre-training begins, and training from scratch, too."""
    return network(lab.generator("characters", f"start {name}", seed), BEFORE)


def pretrained(lab: Lab, seed: int, count: int = EACH) -> nn.Sequential:
    """A network that has learned so many rows of each of the other characters, always in equal steps."""

    def compute() -> dict[str, Tensor]:
        # more rows hold those that are fewer
        rows = a_class(others(lab, seed), count, lab.generator("rows of pre-training", seed))
        steps = lab.pick(quick=600, full=6000, tiny=3)
        recipe = Recipe(steps=steps, batch=32, lr=RATE, seed=lab.derive("pre-training", seed))
        return weights_of(fit(make(FULL), start(lab, seed), rows.arrays, recipe))

    net = network(torch.Generator(), BEFORE)
    net.load_state_dict(lab.once(f"characters {count} {seed}", compute))
    return net


def unless_null(lab: Lab, seed: int, count: int = EACH) -> nn.Sequential:
    """The network that has learned; where the cause is taken away one of other random weights."""
    return start(lab, seed, f"null {count}") if lab.null else pretrained(lab, seed, count)


def learn(  # noqa: PLR0913  # what is compared is spelled out
    lab: Lab,
    seed: int,
    base: nn.Module | Predictor,
    rows: Rows,
    method: str = FULL,
    *,
    rate: float = RATE,
    order: str = "",
    target: Rows | None = None,
) -> Predictor:
    """A model of one's own characters with a new head; arms of a seed have the same head, steps and order.

    Args:
        lab: where.
        seed: of the head, and of the order of the rows.
        base: the first weights.
        rows: with labels.
        method: what learns.
        rate: the highest learning rate.
        order: another name, another order.
        target: rows whose labels aren't read, of methods that learn from those.
    """
    steps, drawn = (
        lab.pick(quick=150, full=1500, tiny=3),
        lab.derive("own characters", order, seed, len(rows)),
    )
    recipe = Recipe(steps=steps, batch=min(32, len(rows)), lr=rate, seed=drawn)
    data = Domains(rows.arrays, target.x.numpy()) if target else rows.arrays
    return fit(make(method), base, data, recipe, head="new")


def by_labels(lab: Lab, seed: int, name: str, arm: Callable[[Rows], Predictor]) -> list[float]:
    """Accuracies with more and more labels of one's own characters, computed once for all claims.

    Args:
        lab: where.
        seed: of the characters, and of the rows that are labelled.
        name: tells what learns, and whether it is a null.
        arm: the model of rows.
    """

    def compute() -> dict[str, Tensor]:
        rows, test = characters(lab, seed)
        found = [accuracy(arm(few_of(lab, seed, rows, count)), test) for count in LABELS]
        return {"accuracy": torch.tensor(found, dtype=torch.float64)}

    found: list[float] = lab.once(f"characters, {name} by labels {seed}", compute)["accuracy"].tolist()
    return found


def from_scratch_and_tuned(lab: Lab, seed: int) -> dict[str, list[float]]:
    """Accuracies by labels of the same training from random weights, and from those of pre-training."""
    first, learned = start(lab, seed), unless_null(lab, seed)
    tuned = "fine-tuning, null" if lab.null else "fine-tuning"
    return {
        "scratch": by_labels(lab, seed, "from scratch", lambda rows: learn(lab, seed, first, rows)),
        "tuned": by_labels(lab, seed, tuned, lambda rows: learn(lab, seed, learned, rows)),
    }
