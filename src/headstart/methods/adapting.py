"""What methods with adapters share: they go into the backbone, and learn with the head."""

import copy
from typing import Any

from torch import Tensor, nn

from headstart.core import Backbone, Method, Model, On, Parts, Task
from headstart.core.moves import members_of, outside_batch_norms
from headstart.methods.tuning import TuningSettings, selected_on, tuned_parts
from headstart.nn.adapters import Adapter, AdapterKind, describe, is_of_adapter
from headstart.nn.adapters.apart import Apart, fold_apart


def adapted_parts(settings: TuningSettings[Any], kind: AdapterKind, backbone: Backbone, task: Task) -> Parts:
    """The backbone with adapters, and a linear head.

    Raises:
        BadInput: this kind suits no layer, or an adapter can't act.
    """
    insert(settings, kind, backbone)
    return tuned_parts(settings, backbone, task)


def kept_parts(
    settings: TuningSettings[Any], kind: AdapterKind | None, backbone: Backbone, task: Task
) -> Parts:
    """The backbone with adapters that are shipped in it, which it notes, or none; and a linear head.

    Raises:
        BadInput: this kind suits no layer, or an adapter can't act.
    """
    if kind is not None:
        backbone.note_operation(do="adapt", layers=describe(insert(settings, kind, backbone)))
    return tuned_parts(settings, backbone, task)


def kept_backbone(method: Method[Any], backbone: Backbone) -> Backbone:
    """A copy of the backbone with the adapters of a method that are shipped in it, as they begin."""
    found = method.parts(copy.deepcopy(backbone), Task(1, ()))["backbone"]
    assert isinstance(found, Backbone)
    return found


def adapters_on(settings: TuningSettings[Any]) -> tuple[On, On]:
    """The head and the adapters; with norm="train" batch normalisations and their statistics too."""
    return selected_on(settings, is_of_adapter if settings.norm == "frozen" else _of_adapter_or_batch_norm)


def _of_adapter_or_batch_norm(name: str, module: nn.Module) -> bool:
    return is_of_adapter(name, module) or not outside_batch_norms(name, module)


def insert(settings: TuningSettings[Any], kind: AdapterKind, backbone: Backbone) -> dict[str, Adapter]:
    """Insert adapters into a backbone, or its `last` blocks; returns them by the paths of their layers."""
    last, example = settings.last, backbone.example

    def call() -> Tensor:
        assert example is not None
        device = next((one.device for one in backbone.parameters()), example.device)
        found: Tensor = backbone(example.to(device))
        return found

    within = members_of(backbone, None if last is None else slice(-last, None))
    apart = Apart.of(backbone)
    found = kind.insert(backbone, None if example is None else call, within)
    backbone.apart = apart.with_adapters(found)
    return found


def folded_model(parts: Parts) -> Model:
    """The model with the adapters folded into the weights: the backbone's own architecture.

    They are kept apart too, in the backbone's `apart`, to be shipped alone.
    """
    model = Model.of(parts)
    backbone = copy.deepcopy(model.backbone)
    fold_apart(backbone)
    return Model(backbone, model.head)
