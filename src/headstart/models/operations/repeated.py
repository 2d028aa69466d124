"""Repeated blocks of a model: like ones that follow each other, by their classes and a forward."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from headstart.models.blocks import LISTS, weight_layers
from headstart.models.tracing import first_tensor, quiet
from headstart.models.wrapped import AnyBackbone


@dataclass(frozen=True)
class Stage:
    """Like blocks that follow each other in one container.

    Attributes:
        container: name of the module that holds them.
        places: of the blocks among its children, in the order in which they run.
        fixed: those that change the shape of what passes through, which all that comes after needs.
    """

    container: str
    places: tuple[int, ...]
    fixed: tuple[int, ...]

    def kept(self, count: int) -> list[int]:
        """`count` of the places, evenly from the first on: all that are fixed, and of the others as many."""
        free = [place for place in self.places if place not in self.fixed]
        left = min(max(count - len(self.fixed), 0), len(free))
        return sorted([*self.fixed, *(free[number * len(free) // left] for number in range(left))])

    @property
    def least(self) -> int:
        """Blocks that stay at least."""
        return max(1, len(self.fixed))


def repeated(backbone: AnyBackbone) -> tuple[Stage, ...]:
    """The stages of a backbone that hold more blocks than they need, in the order of its modules."""
    shapes = _shapes(backbone)
    found = [
        stage
        for name, module in backbone.inner.named_modules()
        if isinstance(module, LISTS)
        for stage in _stages(name, module, shapes)
        if len(stage.places) > stage.least
    ]
    return tuple(stage for stage in found if not _holds_another(backbone.inner, stage, found))


def _shapes(backbone: AnyBackbone) -> dict[str, list[tuple[Any, Any]]]:
    """Shapes of input and output of each call of each module in a forward of the example."""
    seen: dict[str, list[tuple[Any, Any]]] = {}

    def noting(name: str) -> Any:
        def note(_module: nn.Module, args: Any, output: Any) -> None:
            given = args[0].shape if args and isinstance(args[0], Tensor) else None
            try:
                seen.setdefault(name, []).append((given, first_tensor(output).shape))
            except TypeError:
                seen.setdefault(name, []).append((given, None))

        return note

    handles = [module.register_forward_hook(noting(name)) for name, module in backbone.inner.named_modules()]
    try:
        with quiet(backbone):
            backbone(backbone.example)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _stages(name: str, module: nn.Module, shapes: Mapping[str, Sequence[Any]]) -> list[Stage]:
    """Runs of two or more children of a container that are blocks of one class and are called once each."""
    runs: list[list[int]] = []
    last: type[nn.Module] | None = None
    for place, (child, block) in enumerate(module.named_children()):
        called = len(shapes.get(child_name(name, child), ()))
        kind = type(block) if called == 1 and is_block(block) else None
        if kind is not None and kind is last:
            runs[-1].append(place)
        elif kind is not None:
            runs.append([place])
        last = kind
    children = [child_name(name, child) for child, _ in module.named_children()]
    return [
        Stage(name, tuple(run), tuple(place for place in run if _changes(shapes[children[place]][0])))
        for run in runs
        if len(run) > 1
    ]


def is_block(module: nn.Module) -> bool:
    """Whether a module has several layers with weights, as a block has."""
    return len(weight_layers(module)) > 1


def child_name(container: str, child: str) -> str:
    """The full name of a child; a container may be the model itself, which is called ""."""
    return f"{container}.{child}" if container else child


def _holds_another(inner: nn.Module, stage: Stage, found: Iterable[Stage]) -> bool:
    """Whether the blocks of a run are themselves stages: others of repeated blocks lie in them."""
    names = [name for name, _ in inner.get_submodule(stage.container).named_children()]
    starts = tuple(child_name(stage.container, names[place]) + "." for place in stage.places)
    return any(f"{other.container}.".startswith(starts) for other in found)


def _changes(shapes: tuple[Any, Any]) -> bool:
    given, output = shapes
    return given is None or given != output
