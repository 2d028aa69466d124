"""Networks with other weights for each task, one task after the other or all at once.

At once means `torch.func.vmap` over the forward alone. Gradients are taken outside of it, from plain batched
operations: taken inside, second derivatives of normalisations with weights are silently wrong
(pytorch/functorch#534).
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from headstart.nn.other_weights import call_with_weights

Way = Literal["loop", "vmap"]


def forward_tasks(module: nn.Module, weights: Mapping[str, Tensor], x: Tensor, way: Way) -> Tensor:
    """Outputs (t, n, ...) of the inputs (t, n, *shape) of t tasks.

    Args:
        module: takes (n, *shape).
        weights: (t, ...) each, of its parameters by name; it keeps its own for the others.
        x: the inputs.
        way: "loop", or "vmap", which not all modules allow.
    """

    def call(mine: dict[str, Tensor], rows: Tensor) -> Tensor:
        outputs: Tensor = call_with_weights(module, mine, rows)
        return outputs

    if way == "vmap":
        together: Tensor = vmap(call, randomness="different")(dict(weights), x)
        return together
    names, each = list(weights), [value.unbind() for value in weights.values()]
    return torch.stack(
        [call({n: w[i] for n, w in zip(names, each, strict=True)}, x[i]) for i in range(len(x))]
    )


@contextmanager
def plain_kernels(module: nn.Module, needed: bool) -> Iterator[None]:
    """Let attention and recurrent layers take kernels that vmap can batch and that have second derivatives.

    Args:
        module: what is computed inside.
        needed: whether that matters; fused layers of a transformer are never taken, and cuDNN's recurrent
            layers, which have no gradient in evaluation mode and no second one at all, not where gradients
            are enabled.
    """
    fused = torch.backends.mha.get_fastpath_enabled()
    recurrent = any(isinstance(each, nn.RNNBase) for each in module.modules())
    with ExitStack() as stack:
        if needed:
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        if recurrent and (needed or torch.is_grad_enabled()):
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fused)
