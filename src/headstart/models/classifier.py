"""Convert your own classifier to a model of backbone and head."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Model
from headstart.core.linear_head import LinearHead

from .backbone import backbone
from .head_choice import LAST
from .tracing import first_tensor, quiet


def classifier(module: nn.Module, *, example: Tensor | None = None, classes: Sequence[str] = ()) -> Model:
    """Copy your classifier and split it into backbone and head, with the same outputs.

    The head is the last linear layer, found by one forward. A softmax after it is left out: the result
    outputs logits.

    Args:
        module: from x (n, ...) to logits or probabilities (n, classes); it is not changed.
        example: inputs (n, ...) for that forward, two rows are enough; None guesses from the first layer.
        classes: names of its outputs, in order, by which a training on other labels keeps them; () where
            they are not known.

    Returns:
        The model in evaluation mode.

    Raises:
        BadInput: the output layer is not linear, the two parts together give other outputs, or there are
            more or fewer names than outputs.
    """
    if isinstance(module, Model):
        raise BadInput("This is a backbone with its head already; give it as it is.")
    base = backbone(module, example=example, head=LAST)
    name = base.anatomy.head
    if name is None:
        raise BadInput(f"No linear layer makes the output of {type(module).__name__}. {_WAY_OUT}")
    head = _head(module.get_submodule(name))
    model = Model(base, head).eval()
    model.classes = tuple(map(str, classes))
    outputs = len(head.bias)
    if classes and (len(classes) != outputs or len(set(model.classes)) < outputs):
        raise BadInput(f"classes names {len(set(model.classes))} outputs, but {name} has {outputs}.")
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


def _head(layer: nn.Module) -> LinearHead:
    weight, bias = layer.weight, layer.bias
    assert isinstance(weight, Tensor)
    flat = weight.detach().flatten(1)
    return LinearHead.of(flat, bias.detach() if isinstance(bias, Tensor) else flat.new_zeros(len(flat)))
