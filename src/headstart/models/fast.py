"""Fast inference for frozen backbones, with the same features."""

import copy
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

from headstart.core import Backbone
from headstart.nn import processor

from .folding import Pair, folded, own_act, pairs
from .fused import FusedConv, fusable
from .lengths import by_length
from .onnx_forward import ONNX, OnnxForward, has_onnxruntime
from .race import CHOICES, LEAST, TRIAL, Choices, agree, choose, key_of, pays
from .tracing import quiet
from .wrapped import AnyBackbone

PIXELS = 600_000  # per chunk and thread on a CPU, so that activations fit into its cache


class Fast(nn.Module):
    """An inference-only backbone, always in evaluation mode and without gradients.

    Attributes:
        width: features per sample.
        made: the optimisation: "fused", "folded", "plain" or "onnxruntime".
        bf16: whether it computes in bfloat16.
    """

    def __init__(self, backbone: Backbone, made: str, bf16: bool = False) -> None:
        super().__init__()
        self.backbone = backbone
        self.width = backbone.width
        self.made = made
        self.bf16 = bf16
        self.race: _Race | None = None  # which copy goes on, if the first batch of pictures decides that
        self.eval()

    def train(self, mode: bool = True) -> "Fast":
        """Stay in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) in float32 of x (n, ...): uint8 or normalised pictures, or ids of tokens."""
        if _is_texts(self.backbone) and len(x):
            return by_length(self._some, x)
        if self.race is not None and len(x) >= LEAST:
            race, self.race = self.race, None  # which calls this copy, too
            winner = race(self, x[:TRIAL])
            self.backbone, self.made = winner.backbone, winner.made
        return torch.cat([self._some(rows) for rows in torch.split(x, _rows(x))])

    def _some(self, x: Tensor) -> Tensor:
        if x.ndim == 4 and self.made != ONNX:
            x = x.contiguous(memory_format=torch.channels_last)
        half: AbstractContextManager[object] = nullcontext()
        if self.bf16:
            half = torch.autocast(x.device.type, torch.bfloat16)
        with half:
            features: Tensor = self.backbone(x)
        return features.float()


def _is_texts(backbone: Backbone) -> bool:
    return isinstance(backbone, AnyBackbone) and backbone.tokens is not None


def _rows(x: Tensor) -> int:
    """Rows per chunk: on a CPU, as many pictures as keep the activations in its cache."""
    if x.ndim != 4 or x.device.type != "cpu":
        return max(1, len(x))
    return max(1, PIXELS * torch.get_num_threads() // (x.shape[2] * x.shape[3]))


def fast(backbone: Backbone, bf16: bool = False, rows: int = 0, choices: Choices | None = None) -> Fast:
    """Make a fast copy of `backbone` for feature extraction; `backbone` itself is not changed.

    BatchNorm is folded into the convolution before it, images lie channels last in memory, and
    on a CPU convolution, bias and activation are one call. Texts are batched by length. The
    features of the copy are compared with those of `backbone` on its example: an optimisation that
    does not agree to 1e-5 of the largest feature is not used, in the worst case none.

    With `rows`, the first batch of pictures decides between this copy and ONNX Runtime, where it is
    installed: if that agrees to the same 1e-5 and is clearly faster, it goes on. A trial takes about a
    second, so that there is one for convolutional networks only, and for work that it pays for.

    Args:
        backbone: any; one that is not an `AnyBackbone` is only copied, channels last. With `rows`, it must
            not change before the first batch.
        bf16: compute in bfloat16, which is faster and changes the features by a few per cent. If the
            backbone is on a processor without bfloat16 support, which would be slower, it stays float32;
            see the copy's `bf16`.
        rows: that features will be made of; 0: unknown, without a trial.
        choices: remembers the outcome of a trial from one process to the next; None: this process alone.

    Returns:
        A module x (n, ...) -> features (n, width), float32.
    """
    made = _best(backbone) if isinstance(backbone, AnyBackbone) else None
    made = made or Fast(_bare(backbone), "plain")
    if bf16 and processor.bf16_is_fast(_device(made)):
        _halve(made.backbone)
        made.bf16 = True
    elif isinstance(backbone, AnyBackbone) and rows:
        made.race = _Race(backbone, rows, choices or CHOICES)
    return made


@dataclass(frozen=True)
class _Race:
    """What the first batch decides: which copy of a backbone goes on."""

    backbone: AnyBackbone
    rows: int  # that there will be
    choices: Choices

    def __call__(self, usual: Fast, x: Tensor) -> Fast:
        """The winner on x (n, ...)."""
        if not pays(self.backbone, self.rows, x):
            return usual
        others, key = self._by_onnxruntime(usual, x), key_of(self.backbone, x)
        return choose(usual, others, lambda: self._wanted(x), x, key, self.choices)

    def _wanted(self, x: Tensor) -> Tensor:
        with quiet(self.backbone):
            features: Tensor = self.backbone(x)
        return features.float()

    def _by_onnxruntime(self, usual: Fast, x: Tensor) -> Iterator[Fast]:
        if has_onnxruntime():
            with suppress(Exception):  # any module may be in there: what can't be exported is not
                yield Fast(OnnxForward(self.backbone, x, usual.backbone), ONNX)


def _device(module: nn.Module) -> torch.device:
    tensors = (*module.parameters(), *module.buffers())
    return tensors[0].device if tensors else torch.device("cpu")


def _best(backbone: AnyBackbone) -> Fast | None:
    """The fastest copy with the same features; None if nothing can be folded."""
    example = backbone.example.to(backbone.mean.device)
    found = pairs(backbone.inner, example)
    if not found:
        return None
    with quiet(backbone):
        wanted = backbone(example)
    for name in ("fused", "folded"):
        copied = _bare(backbone)
        for pair in found:
            _fold(copied.inner, pair, fuse=name == "fused")
        made = Fast(copied, name)
        if agree(made(example), wanted):
            return made
    return None


AnyB = TypeVar("AnyB", bound=Backbone)


def _bare(backbone: AnyB) -> AnyB:
    copied = copy.deepcopy(backbone).eval().requires_grad_(False)
    return copied.to(memory_format=torch.channels_last)


def _fold(model: nn.Module, pair: Pair, fuse: bool) -> None:
    """Fold one pair of `model` in place, fused with its activation if possible."""
    conv, norm = model.get_submodule(pair.conv), model.get_submodule(pair.norm)
    if not (isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)):
        raise TypeError(f"{pair.conv} and {pair.norm} are no convolution and BatchNorm")
    weight, bias = folded(conv, norm)
    conv.weight, conv.bias = _constant(weight), _constant(bias)
    act = own_act(norm)
    model.set_submodule(pair.norm, nn.Identity())
    if fuse and pair.act is not None and fusable(conv, model.get_submodule(pair.act)):
        act = model.get_submodule(pair.act)
        model.set_submodule(pair.act, nn.Identity())
    if fuse and fusable(conv, act):
        model.set_submodule(pair.conv, FusedConv(conv, act))
    elif not isinstance(act, nn.Identity):
        model.set_submodule(pair.norm, act)


def _constant(tensor: Tensor) -> nn.Parameter:
    tensor = tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor
    return nn.Parameter(tensor, requires_grad=False)


def _halve(model: nn.Module) -> None:
    """Convert weights of convolutions and linear layers to bfloat16, in place; norms stay in float32."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, FusedConv)):
            module.to(torch.bfloat16)
