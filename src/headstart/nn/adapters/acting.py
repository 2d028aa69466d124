"""Whether adapters act: one batch in training and in evaluation, with gradients and without."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from headstart.core import BadInput

from .adapter import WeightAdapter
from .attaching import CHILD, adapted_layers
from .sites import Weight

Call = Callable[[], Tensor]
DRAWS = 8  # forwards in training, in which stochastic depth may leave a layer out for the whole batch
AGREE = (
    1e-3  # of the largest output: gradients or none may take other kernels, a skipped adapter moves far more
)


def weights_in_use(module: nn.Module, call: Call, found: Iterable[Weight]) -> list[Weight]:
    """Those of some weights of a module that its output depends on.

    Args:
        module: any, as it was; nothing in it changes.
        call: a forward of it on a batch that is not constant.
        found: weights of its layers.
    """
    found = list(found)
    tensors = [_parameter(module, one) for one in found]
    with probed(module, training=False), _learning(tensors):
        slopes = _slopes(call(), tensors)
    return [one for one, slope in zip(found, slopes, strict=True) if slope]


def layers_in_use(module: nn.Module, call: Call | None, paths: Iterable[str]) -> list[str]:
    """Those of some layers with a parameter that the output of a module depends on; all without a call."""
    paths = list(dict.fromkeys(paths))
    if call is None or not paths:
        return paths
    layers = {path: module.get_submodule(path) for path in paths}
    held = {path: [p for p in one.parameters() if p.is_floating_point()] for path, one in layers.items()}
    tensors = [parameter for each in held.values() for parameter in each]
    with probed(module, training=False), _learning(tensors):
        slopes = _slopes(call(), tensors)
    moving = {id(tensor) for tensor, slope in zip(tensors, slopes, strict=True) if slope}
    return [path for path, each in held.items() if any(id(one) in moving for one in each)]


def layers_called(module: nn.Module, call: Call) -> set[str]:
    """The paths of the modules that a forward calls and takes the output of."""
    called: set[str] = set()
    handles = [
        layer.register_forward_hook(lambda _layer, _args, _output, path=path: called.add(path))
        for path, layer in module.named_modules()
    ]
    try:
        with probed(module, training=False), torch.no_grad():
            call()
    finally:
        for handle in handles:
            handle.remove()
    return called


def check_acting(module: nn.Module, call: Call) -> None:
    """Check that every adapter in a module changes its output, in training and in evaluation.

    In both modes each adapter has to get a gradient, and in evaluation the output must be the same with
    gradients, without, and in inference mode, as torch may take another way then that reads the weights
    itself.

    Args:
        module: any, with adapters; nothing in it changes.
        call: a forward of it on a batch that is not constant.

    Raises:
        BadInput: an adapter can't act; its layer is named, and what acts there.
    """
    adapters = list(_adapters(module))
    everything = [parameter for _, adapter in adapters for parameter in adapter.parameters()]
    for training in (True, False):
        if idle := _idle(module, call, adapters, training):
            path, adapter = idle[0]
            skipped = not isinstance(adapter, WeightAdapter) and path not in layers_called(module, call)
            raise BadInput(_said(path, skipped, "training" if training else "evaluation"))
    with probed(module, training=False), _disturbed(everything):
        with torch.enable_grad():
            wanted = call().detach()
        with torch.no_grad():
            plain = call()
        with torch.inference_mode():
            inferred = call().clone()
    for found in (plain, inferred):
        if (found - wanted).abs().max() > AGREE * wanted.abs().max():
            raise BadInput(
                "Without gradients this module answers as if it had no adapters: it reads the weights of its "
                "layers itself then. Adapt other layers, or fold the adapters in before it answers."
            )


def _idle(
    module: nn.Module, call: Call, adapters: list[tuple[str, nn.Module]], training: bool
) -> list[tuple[str, nn.Module]]:
    """The adapters that get no gradient; in training in several draws, as depth may be stochastic."""
    idle = [(path, one) for path, one in adapters if any(True for _ in one.parameters())]
    with probed(module, training):
        for _ in range(DRAWS if training else 1):
            tensors = [parameter for _, one in idle for parameter in one.parameters()]
            if tensors:
                with _learning(tensors):
                    slopes = _slopes(call(), tensors)
                moving = {id(tensor) for tensor, slope in zip(tensors, slopes, strict=True) if slope}
                idle = [pair for pair in idle if not any(id(p) in moving for p in pair[1].parameters())]
    return idle


def _said(path: str, skipped: bool, mode: str) -> str:
    if not skipped:
        return (
            f"The adapter of the layer {path} gets no gradient in {mode}: the output does not depend on that "
            "layer. Name others."
        )
    return (
        f"The adapter of the layer {path} can't act in {mode}: the layer is not called, as the module "
        "around it reads its weights itself. Take an adapter in weight space there, such as LoRA, "
        "whose space can be 'weight'."
    )


def _adapters(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, layer in adapted_layers(module):
        children: nn.Module = getattr(layer, CHILD)
        for adapter in children.children():
            yield path, adapter


def _parameter(module: nn.Module, weight: Weight) -> Tensor:
    found: Tensor = getattr(module.get_submodule(weight.layer), weight.tensor)
    return found


def _slopes(output: Tensor, tensors: Sequence[Tensor]) -> list[bool]:
    """Whether each tensor has a gradient, that of a random sum of the output, other than 0."""
    if not output.requires_grad:
        return [False] * len(tensors)
    generator = torch.Generator().manual_seed(0)
    mixture = torch.randn(output.shape, generator=generator).to(output)
    slopes = torch.autograd.grad((output * mixture).sum(), tensors, allow_unused=True)
    found: Sequence[Tensor | None] = slopes  # None: not used
    return [slope is not None and bool(slope.any()) for slope in found]


@contextmanager
def probed(module: nn.Module, training: bool) -> Iterator[None]:
    """A mode for a forward, after which modes, buffers and torch's random numbers are as before."""
    modes = {layer: layer.training for layer in module.modules()}
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    devices = {buffer.device for buffer in module.parameters() if buffer.device.type == "cuda"}
    with torch.random.fork_rng(list(devices)), torch.enable_grad():
        module.train(training)
        try:
            yield
        finally:
            for layer, mode in modes.items():
                layer.training = mode
            with torch.no_grad():
                for name, buffer in module.named_buffers():
                    buffer.copy_(buffers[name])


@contextmanager
def _learning(tensors: Sequence[Tensor]) -> Iterator[None]:
    """Let tensors require a gradient for a while."""
    before = [tensor.requires_grad for tensor in tensors]
    try:
        for tensor in tensors:
            tensor.requires_grad_(True)
        yield
    finally:
        for tensor, flag in zip(tensors, before, strict=True):
            tensor.requires_grad_(flag)


@contextmanager
def _disturbed(tensors: Sequence[Tensor]) -> Iterator[None]:
    """Let adapters be other than at their start for a while, so that they add something."""
    before = [tensor.detach().clone() for tensor in tensors]
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for tensor in tensors:
            tensor.add_(0.05 * torch.randn(tensor.shape, generator=generator).to(tensor))
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)
