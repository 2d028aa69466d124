"""Find convolutions into which a BatchNorm can be folded, by tracing one forward, and fold them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from .fused import is_same_padded
from .surgery import run
from .tracing import Watch, quiet

ACTS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Identity)


@dataclass(frozen=True)
class Pair:
    """A convolution, the BatchNorm that is the only consumer of its output, and an activation after that.

    Attributes:
        conv: path of the convolution.
        norm: path of the BatchNorm.
        act: path of the activation that is the only consumer of the BatchNorm's output, if it is a
            module that runs once.
    """

    conv: str
    norm: str
    act: str | None


@dataclass
class _Flow:
    """Producer and consumers of each value. An in-place layer produces a new value."""

    values: list[str] = field(default_factory=list)  # the producer of each value
    now: dict[int, int] = field(default_factory=dict)  # id of a tensor -> the value in it
    takers: dict[int, set[str]] = field(default_factory=dict)  # of each value
    eaten: dict[str, int] = field(default_factory=dict)  # the input value of each module
    runs: Counter[str] = field(default_factory=Counter)
    kept: list[Tensor] = field(default_factory=list)  # kept alive, so that no id is reused
    inside: list[str] = field(default_factory=list)  # the watched modules that are running

    def take(self, tensor: Tensor) -> None:
        """Record that an operation consumes `tensor`."""
        if id(tensor) in self.now:
            taker = self.inside[-1] if self.inside else ""
            self.takers.setdefault(self.now[id(tensor)], set()).add(taker)


def pairs(model: nn.Module, x: Tensor) -> tuple[Pair, ...]:
    """The foldable pairs of `model`, in execution order on x; the model is not changed."""
    flow = _Flow()
    modules = {n: m for n, m in model.named_modules() if is_conv(m) or is_norm(m) or _is_act(m)}
    handles: list[RemovableHandle] = []
    try:
        for name, module in modules.items():
            handles.append(module.register_forward_pre_hook(_enter(flow, name)))
            handles.append(module.register_forward_hook(_leave(flow, name)))
        with quiet(model), Watch(flow.take):
            run(model, x)
    finally:
        for handle in handles:
            handle.remove()
    after = {flow.values[value]: name for name, value in flow.eaten.items() if _alone(flow, value, name)}
    return tuple(
        Pair(conv, norm, _act_after(modules, after, norm))
        for conv, norm in after.items()
        if is_conv(modules[conv]) and is_norm(modules[norm])
    )


def _alone(flow: _Flow, value: int, taker: str) -> bool:
    """Whether the producer and `taker` run once, and `taker` is the only consumer."""
    once = flow.runs[flow.values[value]] == 1 and flow.runs[taker] == 1
    return once and flow.takers.get(value, set()) == {taker}


def _act_after(modules: dict[str, nn.Module], after: dict[str, str], norm: str) -> str | None:
    act = after.get(norm)
    plain = isinstance(own_act(modules[norm]), nn.Identity)
    return act if act is not None and plain and _is_act(modules[act]) else None


def is_conv(module: nn.Module) -> bool:
    """Whether it is a 2-D convolution that uses `weight` unchanged (not weight-standardised)."""
    plain = type(module).forward is nn.Conv2d.forward or is_same_padded(module)
    return isinstance(module, nn.Conv2d) and plain and not hasattr(module, "parametrizations")


def is_norm(module: nn.Module) -> bool:
    """Whether it is a BatchNorm with running statistics: torch's, or timm's with its activation inside."""
    if not isinstance(module, nn.BatchNorm2d) or module.running_var is None:
        return False
    timm = isinstance(getattr(module, "act", None), nn.Module)
    return type(module).forward is nn.BatchNorm2d.forward or timm


def own_act(norm: nn.Module) -> nn.Module:
    """The activation that runs inside a BatchNorm; an identity in torch's own."""
    act = getattr(norm, "act", None)
    return act if isinstance(act, nn.Module) else nn.Identity()


def _is_act(module: nn.Module) -> bool:
    return type(module) in ACTS[:-1]


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolution with the BatchNorm folded in.

    W' = W g / sqrt(v + eps) and b' = (b - m) g / sqrt(v + eps) + c, with the mean m, variance v,
    scale g and shift c of the BatchNorm, computed in float64.
    """
    mean, var = norm.running_mean, norm.running_var
    if mean is None or var is None:
        raise ValueError("a BatchNorm without running statistics can't be folded")
    scale = (var.double() + norm.eps).rsqrt()
    if norm.affine:
        scale = scale * norm.weight.double()
    bias = -mean.double() if conv.bias is None else conv.bias.double() - mean.double()
    shift = norm.bias.double() if norm.affine else 0.0
    dtype = conv.weight.dtype
    weight = conv.weight.double() * scale.view(-1, 1, 1, 1)
    return weight.to(dtype).detach(), (bias * scale + shift).to(dtype).detach()


def _enter(flow: _Flow, name: str) -> Callable[[nn.Module, Any], None]:
    def enter(_module: nn.Module, args: Any) -> None:
        flow.inside.append(name)
        flow.runs[name] += 1
        if args and id(args[0]) in flow.now:
            flow.eaten[name] = flow.now[id(args[0])]

    return enter


def _leave(flow: _Flow, name: str) -> Callable[[nn.Module, Any, Any], None]:
    def leave(_module: nn.Module, _args: Any, output: Any) -> None:
        flow.inside.pop()
        if isinstance(output, Tensor):
            flow.now[id(output)] = len(flow.values)
            flow.values.append(name)
            flow.kept.append(output)

    return leave
