"""What is measured of translators: diversity, label flips, accuracies; and what is wrong with them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import Model, derive_seed
from headstart.data.dataset import Dataset
from headstart.studies.translate import Guard
from headstart.studies.translate.small_net import answers_of
from headstart.studies.translate.translated import Way

PAIRS = 2000  # that a diversity is a mean over
LEAST_DIVERSITY = 0.5
MOST_FLIPS = 0.1
MOST_SEEN = 0.4  # 0.25: critics can't tell, 1: they always can


def measure(
    ways: Mapping[str, Way],
    model: Model,
    source: tuple[Tensor, Dataset],
    target: Tensor,
    judge: tuple[Tensor, Dataset] | None,
    seed: int,
) -> dict[str, Any]:
    """Fields of the record, by name; those about classes are None for other kinds of labels."""
    x, data = source
    as_target, as_source = ways["to_target"](x), ways["to_source"](target)
    fields: dict[str, Any] = {
        "diversity_target": diversity(as_target, target, seed),
        "diversity_source": diversity(as_source, x, seed),
    }
    fields |= dict.fromkeys(
        (
            *("flips", "round_trip_flips", "accuracy_source", "accuracy_translated", "accuracy_target"),
            *("accuracy_through", "accuracy_trained"),
        )
    )
    if data.label_kind == "classes":
        truth = torch.from_numpy(np.asarray(data.labels))
        before, after = answers_of(model, x), answers_of(model, as_target)
        back = answers_of(model, ways["to_source"](as_target))
        fields |= {
            "flips": flipped(before, after),
            "round_trip_flips": flipped(before, back),
            "accuracy_source": _share(before, truth),
            "accuracy_translated": _share(after, truth),
        }
        if judge is not None:
            fields |= _judged(ways, model, judge)
    fields["guards"] = guards(
        fields["diversity_target"], fields["diversity_source"], fields["round_trip_flips"]
    )
    return fields


def _judged(ways: Mapping[str, Way], model: Model, judge: tuple[Tensor, Dataset]) -> dict[str, float]:
    x, truth = judge[0], torch.from_numpy(np.asarray(judge[1].labels))
    return {
        "accuracy_target": _share(answers_of(model, x), truth),
        "accuracy_through": _share(answers_of(model, ways["to_source"](x)), truth),
    }


def _share(said: Tensor, truth: Tensor) -> float:
    return (said == truth).double().mean().item()


def diversity(made: Tensor, real: Tensor, seed: int = 0) -> float:
    """The mean distance of two samples out of `made` (n, ...), relative to that out of `real` (m, ...).

    1 for samples as different from each other as real ones are, 0 if all are alike. Distances are Euclidean,
    over up to 2,000 pairs that are drawn.
    """
    spread = _spread(real, seed)
    return _spread(made, seed) / spread if spread > 0 else 1.0


def flipped(before: Tensor, after: Tensor) -> float:
    """The share of rows whose class (n,) is another one after than before."""
    return (before != after).double().mean().item()


def guards(to_target: float, to_source: float | None, round_trip: float | None) -> list[Guard]:
    """Both guards, in plain words."""
    worst = min(to_target, to_source if to_source is not None else to_target)
    fine = worst >= LEAST_DIVERSITY
    found = [Guard("collapse", worst, LEAST_DIVERSITY, fine, _collapse(worst, fine))]
    if round_trip is not None:
        fine = round_trip <= MOST_FLIPS
        found.append(Guard("labels", round_trip, MOST_FLIPS, fine, _labels(round_trip, fine)))
    return found


def critics_guard(seen: float) -> Guard:
    """Whether the critics still tell made samples from real ones, by the translators' loss at the end."""
    fine = seen <= MOST_SEEN
    says = (
        f"The translators' loss against the critics is {seen:.2f} at the end (0.25: fooled, 1: seen through)"
    )
    if fine:
        return Guard("critics", seen, MOST_SEEN, fine, f"{says}: what is made passes for real.")
    return Guard(
        "critics",
        seen,
        MOST_SEEN,
        fine,
        f"{says}: what is made is not like the other domain. Take another seed, more steps, identity=0, or a "
        "smaller critic_lr.",
    )


def _collapse(worst: float, fine: bool) -> str:
    says = f"Translated rows differ from each other {worst:.2f} times as much as real rows of that domain do"
    if fine:
        return f"{says}: no collapse."
    return (
        f"{says}, which is below {LEAST_DIVERSITY:g}: the translators have collapsed and give much the same "
        "for everything. Do not use them. Take a larger cycle weight, a lower learning rate, other seeds, or "
        "a cheap method: style or histogram."
    )


def _labels(share: float, fine: bool) -> str:
    says = f"{100 * share:.1f} % of the source rows are of another class for the model after a round trip"
    if fine:
        return f"{says}: labels outlast the round trip. Classes that changed places both ways would not show."
    return (
        f"{says}, which is above {100 * MOST_FLIPS:g} %: labels of translated rows can't be trusted. Take "
        "more steps, a larger cycle weight, or, where the model is right about most target rows, cycada."
    )


def _spread(x: Tensor, seed: int) -> float:
    if len(x) < 2:
        return 0.0
    rows = x.flatten(1).double()
    draw = torch.Generator().manual_seed(derive_seed(seed, "pairs"))
    one = torch.randint(len(rows), (PAIRS,), generator=draw)
    step = torch.randint(1, len(rows), (PAIRS,), generator=draw)
    return float((rows[one] - rows[(one + step) % len(rows)]).square().sum(1).sqrt().mean())
