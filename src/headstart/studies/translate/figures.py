"""What is measured of translators: diversity, flips, accuracies."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headstart.core import Model
from headstart.data.dataset import Dataset
from headstart.studies.translate import guards as watch
from headstart.studies.translate.small_net import answers_of

Ways = dict[str, Callable[[Tensor], Tensor]]


def measured(
    ways: Ways,
    model: Model,
    source: tuple[Tensor, Dataset],
    target: Tensor,
    judge: tuple[Tensor, Dataset] | None,
    seed: int,
) -> dict[str, Any]:
    """Fields of the record, by name; those about classes are None for other kinds of labels."""
    x, data = source
    as_target, as_source = ways["to_target"](x), ways["to_source"](target)
    found: dict[str, Any] = {
        "diversity_target": watch.diversity(as_target, target, seed),
        "diversity_source": watch.diversity(as_source, x, seed),
    }
    found |= dict.fromkeys(
        (
            *("flips", "round_trip_flips", "accuracy_source", "accuracy_translated", "accuracy_target"),
            *("accuracy_through", "accuracy_trained"),
        )
    )
    if data.label_kind == "classes":
        truth = torch.from_numpy(np.asarray(data.labels))
        before, after = answers_of(model, x), answers_of(model, as_target)
        back = answers_of(model, ways["to_source"](as_target))
        found |= {
            "flips": watch.flipped(before, after),
            "round_trip_flips": watch.flipped(before, back),
            "accuracy_source": _share(before, truth),
            "accuracy_translated": _share(after, truth),
        }
        if judge is not None:
            found |= _judged(ways, model, judge)
    found["guards"] = watch.guards(
        found["diversity_target"], found["diversity_source"], found["round_trip_flips"]
    )
    return found


def _judged(ways: Ways, model: Model, judge: tuple[Tensor, Dataset]) -> dict[str, float]:
    x, truth = judge[0], torch.from_numpy(np.asarray(judge[1].labels))
    return {
        "accuracy_target": _share(answers_of(model, x), truth),
        "accuracy_through": _share(answers_of(model, ways["to_source"](x)), truth),
    }


def _share(said: Tensor, truth: Tensor) -> float:
    return (said == truth).double().mean().item()
