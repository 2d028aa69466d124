"""Convert your own classifier to a model of backbone and head."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Model
from headstart.core.linear_head import LinearHead

from . import sources
from .backbone import backbone
from .head_choice import LAST
from .tracing import first_tensor, quiet
from .weights import read


def classifier(
    module: nn.Module | str,
    *,
    example: Tensor | None = None,
    classes: Sequence[str] = (),
    weights: str | Path | Mapping[str, Tensor] | None = None,
) -> Model:
    """Copy your classifier and split it into backbone and head, with the same outputs.

    The head is the last linear layer, found by one forward. A softmax after it is left out: the result
    outputs logits.

    Args:
        module: from x (n, ...) to logits or probabilities (n, classes); it is not changed. Or a name that
            `backbone` knows, for a checkpoint of that architecture with any number of classes.
        example: inputs (n, ...) for that forward, two rows are enough; None guesses from the first layer.
        classes: names of its outputs, in order, by which a training on other labels keeps them; () where
            they are not known.
        weights: of an architecture by name: the checkpoint, a file or a state dict, as `backbone` takes it.

    Returns:
        The model in evaluation mode.

    Raises:
        BadInput: the output layer is not linear or not in the checkpoint, the two parts together give other
            outputs, there are more or fewer names than outputs, or a name without a checkpoint or the like.
        Mismatch: the checkpoint belongs to another architecture.
    """
    if isinstance(module, str) != (weights is not None):
        raise BadInput("Give a module, or the name of an architecture together with weights=, a checkpoint.")
    if isinstance(module, str):
        assert weights is not None
        return _named(_of_checkpoint(module, weights, example), classes)
    if isinstance(module, Model):
        raise BadInput("This is a backbone with its head already; give it as it is.")
    base = backbone(module, example=example, head=LAST)
    name = base.anatomy.head
    if name is None:
        raise BadInput(f"No linear layer makes the output of {type(module).__name__}. {_WAY_OUT}")
    model = _named(Model(base, _head(module.get_submodule(name))).eval(), classes)
    with quiet(module):
        answer = first_tensor(module(base.example))
    with torch.no_grad():
        logits = model(base.example)
    looks = (logits, logits.softmax(1), logits.log_softmax(1))
    if not any(answer.shape == look.shape and torch.allclose(answer, look, 1e-3, 1e-4) for look in looks):
        raise BadInput(
            f"Backbone and head of {type(module).__name__}, put together, answer otherwise than it does. "
            f"{_WAY_OUT}"
        )
    return model


_WAY_OUT = "Put it together yourself: headstart.core.Model(backbone, head), see headstart.nn.heads."


def _named(model: Model, classes: Sequence[str]) -> Model:
    """The model with names of its outputs."""
    model.classes, outputs = tuple(map(str, classes)), int(model.head.settings["classes"])
    different = len(set(model.classes))
    if classes and not len(classes) == different == outputs:
        raise BadInput(f"classes gives {different} names, but the head has {outputs} outputs.")
    return model


def _of_checkpoint(name: str, weights: str | Path | Mapping[str, Tensor], example: Tensor | None) -> Model:
    """An architecture by name with a checkpoint, its head too."""
    base = backbone(name, weights=weights, example=example)
    kind, known, head = base.source["kind"], base.source["name"], base.anatomy.head
    if kind == "own" or head is None:
        raise BadInput(f"No linear layer makes the output of {name}. {_WAY_OUT}")
    empty = sources.build(kind, known, False, config=base.source.get("config"))
    state = sources.renamed(kind, known, read(weights), empty)
    weight = state.get(f"{head}.weight")
    if weight is None:
        raise BadInput(f"The checkpoint of {name} has no {head}.weight, its head. Give it to backbone(...).")
    return Model(base, _linear(weight, state.get(f"{head}.bias"))).eval()


def _head(layer: nn.Module) -> LinearHead:
    weight = layer.weight
    assert isinstance(weight, Tensor)
    return _linear(weight, layer.bias)


def _linear(weight: Tensor, bias: object) -> LinearHead:
    flat = weight.detach().flatten(1)
    return LinearHead.of(flat, bias.detach() if isinstance(bias, Tensor) else flat.new_zeros(len(flat)))
