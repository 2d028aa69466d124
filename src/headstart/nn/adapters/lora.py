"""Low-rank adaptation: a product of two small matrices is added to a weight (arXiv:2106.09685)."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from headstart.core import BadInput

from .acting import Call, layers_called
from .adapter import ActivationAdapter, Adapter, WeightAdapter, empty_like
from .kind import AdapterKind, Built, parameter_of, tensor_of, weights_to_adapt
from .sites import Weight, output_axis, transformer_layers

Scaling = Literal["standard", "rank-stabilised"]


def lora_scale(rank: int, alpha: float, scaling: Scaling) -> float:
    """The factor of the product: alpha / rank, or alpha / sqrt(rank) (arXiv:2312.03732).

    Args:
        rank: >= 1.
        alpha: > 0.
        scaling: "standard" or "rank-stabilised".
    """
    return alpha / (rank if scaling == "standard" else math.sqrt(rank))


def _factors(weight: Tensor, rank: int) -> tuple[nn.Parameter, nn.Parameter]:
    """A (rank, k), uniform as torch draws the weights of a linear layer, and B (outputs, rank) = 0."""
    outputs, inputs = weight.shape[0], weight[0].numel()
    down = empty_like(weight, rank, inputs)
    nn.init.kaiming_uniform_(down, a=math.sqrt(5))
    return down, empty_like(weight, outputs, rank)


class LoraWeight(WeightAdapter):
    """LoRA in weight space: W + scale B A, for the weight of any layer; identity at the start, as B = 0.

    With a `magnitude` it is DoRA (arXiv:2402.09353): each output's weights are that sum, divided by its norm
    and times a magnitude m that learns and starts at the norm of W. The norm gets no gradient, as in the
    paper.
    """

    def __init__(
        self, tensor: str, weight: Tensor, rank: int, scale: float, magnitude: bool = False, axis: int = 0
    ) -> None:
        """Build an adapter of a weight.

        Args:
            tensor: its name in the layer.
            weight: (outputs, ...), or of GPT-2's linear layers (inputs, outputs).
            rank: >= 1.
            scale: of the product.
            magnitude: whether it is DoRA.
            axis: of the outputs.
        """
        super().__init__()
        self.tensors, self.scale, self.axis = (tensor,), scale, axis
        self.down, self.up = _factors(weight, rank)
        self.magnitude = nn.Parameter(_norms(weight.detach(), axis)) if magnitude else None

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        has_magnitude = self.magnitude is not None
        return {
            "tensor": self.tensors[0],
            "rank": len(self.down),
            "scale": self.scale,
            "magnitude": has_magnitude,
        } | ({"axis": self.axis} if self.axis else {})

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for the weight `tensor` of a layer."""
        return cls(weight=parameter_of(layer, settings["tensor"]), **settings)

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The weight as it is to be read, in its own shape."""
        summed = tensor + (self.scale * self.up @ self.down).view_as(tensor)
        if self.magnitude is None:
            return summed
        norms = _norms(summed.detach(), self.axis)
        ratio = self.magnitude / norms.clamp(min=torch.finfo(norms.dtype).tiny)  # of a row of zeros it is 0
        return summed * ratio.view(-1, *[1] * (tensor.ndim - 1 - self.axis))


def _norms(weight: Tensor, axis: int) -> Tensor:
    """The norm (outputs,) of each output's weights."""
    norms: Tensor = torch.linalg.vector_norm(weight.movedim(axis, 0).flatten(1), dim=1)
    return norms


class LoraWeights(WeightAdapter):
    """LoRA in weight space of several weights of one layer, such as those of a recurrent one."""

    def __init__(self, adapters: Sequence[LoraWeight]) -> None:
        super().__init__()
        self.tensors = tuple(name for one in adapters for name in one.tensors)
        self.each = nn.ModuleList(adapters)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`: those of each."""
        return {"each": [one.settings for one in self._each]}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for each weight."""
        return cls([LoraWeight.for_layer(layer, **one) for one in settings["each"]])

    @property
    def _each(self) -> list[LoraWeight]:
        return [one for one in self.each if isinstance(one, LoraWeight)]

    def forward(self, name: str, tensor: Tensor) -> Tensor:
        """The weight called `name` with its product."""
        for one in self._each:
            tensor = one(name, tensor) if name in one.tensors else tensor
        return tensor


class LoraActivation(ActivationAdapter):
    """LoRA in activation space: y + scale B (A x) of a linear layer that is called; identity at the start."""

    def __init__(self, weight: Tensor, rank: int, scale: float) -> None:
        """Build an adapter of a linear layer.

        Args:
            weight: (outputs, inputs).
            rank: >= 1.
            scale: of the product.
        """
        super().__init__()
        if weight.ndim != 2:
            raise BadInput(f"A weight of shape {tuple(weight.shape)} is not that of a linear layer.")
        self.tensors, self.scale = ("weight",), scale
        self.down, self.up = _factors(weight, rank)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The arguments of `for_layer`."""
        return {"rank": len(self.down), "scale": self.scale}

    @classmethod
    def for_layer(cls, layer: nn.Module, **settings: Any) -> Self:
        """Build one for a linear layer."""
        return cls(parameter_of(layer, "weight"), **settings)

    def forward(self, given: Tensor, output: Tensor) -> Tensor:
        """The output (..., outputs) for what was given, (..., inputs), with what the product makes of it."""
        small = linear(given, self.down)
        if output.ndim == 1 or output.dtype != small.dtype:
            return output + linear(small, self.scale * self.up)
        flat = torch.addmm(output.flatten(0, -2), small.flatten(0, -2), self.up.t(), alpha=self.scale)
        return flat.view(output.shape)

    def add_to(self, output: Tensor, given: Tensor) -> None:
        """Add what the product makes of what was given to an output, which is contiguous, in place."""
        small = linear(given, self.down)
        flat = output.view(-1, output.shape[-1])
        flat.addmm_(small.view(-1, small.shape[-1]), self.up.t(), alpha=self.scale)

    def folded(self, name: str, tensor: Tensor) -> Tensor:
        """W + scale B A (outputs, inputs)."""
        return tensor + self.scale * self.up @ self.down


@dataclass(frozen=True, kw_only=True)
class LoRA(AdapterKind):
    """Low-rank adaptation of weights: W + alpha / rank B A.

    Attributes:
        rank: of the product, >= 1.
        alpha: > 0; None: twice the rank.
        scaling: "standard" divides alpha by the rank, "rank-stabilised" by its root.
        magnitude: whether directions and norms of the weights learn apart (DoRA).
        space: "weight" adds the product to the weight, "activation" what it makes of the input to the output
            of linear layers, which is cheaper; "auto" does that where a batch showed that they are called.
    """

    title: ClassVar[str] = "LoRA adapters"
    rank: int = 8
    alpha: float | None = None
    scaling: Scaling = "standard"
    magnitude: bool = False
    space: Literal["auto", "weight", "activation"] = "auto"

    def build(self, module: nn.Module, call: Call | None) -> Iterator[Built]:
        """One for each weight that they make smaller: matrices of transformers, else filters too."""
        called = layers_called(module, call) if call else set[str]()
        chosen: dict[str, dict[str, Tensor]] = {}
        for one in self._worthwhile(module, weights_to_adapt(module, self.at, call)):
            chosen.setdefault(one.layer, {})[one.tensor] = tensor_of(module, one)
        for path, weights in chosen.items():
            yield Built(path, self._of(module.get_submodule(path), weights, path in called))

    def _worthwhile(self, module: nn.Module, found: Sequence[Weight]) -> Sequence[Weight]:
        """The weights that are adapted if none are named: those that the product is smaller than, or all.

        Of a transformer only matrices: the filters at its beginning are left out.
        """
        if self.at:
            return found
        if any(transformer_layers(module)):
            found = [one for one in found if tensor_of(module, one).ndim == 2]
        return [one for one in found if self._saves(tensor_of(module, one))] or found

    def _of(self, layer: nn.Module, weights: Mapping[str, Tensor], called: bool) -> Adapter:
        """The adapter of a layer's weights."""
        scale = lora_scale(self.rank, self.alpha or 2.0 * self.rank, self.scaling)
        if self._in_activations(layer, called):
            return LoraActivation(weights["weight"], self.rank, scale)
        settings = self.rank, scale, self.magnitude, output_axis(layer)
        made = [LoraWeight(name, one, *settings) for name, one in weights.items()]
        return made[0] if len(made) == 1 else LoraWeights(made)

    def _saves(self, weight: Tensor) -> bool:
        """Whether the two factors have fewer numbers than the weight."""
        return self.rank * (len(weight) + weight[0].numel()) < weight.numel()

    def _in_activations(self, layer: nn.Module, called: bool) -> bool:
        if self.space == "weight" or self.magnitude:
            return False
        return isinstance(layer, nn.Linear) and (called or self.space == "activation")
