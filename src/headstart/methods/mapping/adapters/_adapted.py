"""What methods with adapters share: they go into the backbone, and learn with the head."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from headstart.core import Backbone, Model, On, Parts, Task
from headstart.core.moves import members_of
from headstart.methods.tuning import TuningSettings, tuned_on, tuned_parts
from headstart.nn.adapters import Adapter, AdapterKind, fold, is_of_adapter

Keep = Callable[[str, nn.Module], bool]


def adapted_parts(settings: TuningSettings[Any], kind: AdapterKind, backbone: Backbone, task: Task) -> Parts:
    """The backbone with adapters, and a linear head.

    Raises:
        BadInput: this kind suits no layer, or an adapter can't act.
    """
    insert(settings, kind, backbone)
    return tuned_parts(settings, backbone, task)


def insert(settings: TuningSettings[Any], kind: AdapterKind, backbone: Backbone) -> dict[str, Adapter]:
    """Insert adapters into a backbone, or its `last` blocks; returns them by the paths of their layers."""
    last, example = settings.last, backbone.example

    def call() -> Tensor:
        assert example is not None
        device = next((one.device for one in backbone.parameters()), example.device)
        found: Tensor = backbone(example.to(device))
        return found

    within = members_of(backbone, None if last is None else slice(-last, None))
    return kind.insert(backbone, None if example is None else call, within)


def adapted_on(settings: TuningSettings[Any], keep: Keep = is_of_adapter) -> tuple[On, On]:
    """The head, and what `keep` selects of the backbone: the adapters."""
    head, backbone = tuned_on(settings)
    return head, replace(backbone, keep=keep, statistics="frozen" if settings.norm == "frozen" else "follow")


def folded_model(parts: Parts) -> Model:
    """The model with the adapters folded into the weights: the backbone's own architecture."""
    model = Model.of(parts)
    return Model(fold_copy(model.backbone), model.head)


def fold_copy(backbone: Backbone) -> Backbone:
    """A copy of a backbone with the adapters folded into its weights."""
    copied = copy.deepcopy(backbone)
    fold(copied)
    return copied
