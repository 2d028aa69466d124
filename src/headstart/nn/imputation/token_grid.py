"""Where a transformer's tokens are patches of a picture, so that hidden ones can be left out."""

import inspect
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput
from headstart.nn.adapters.adapter import first_of
from headstart.nn.adapters.sites import layers_named

from .last_output import example_of

MORE = range(9)  # tokens beside those of patches, such as a class token and registers
INSTEAD = "Take form=pixels, by which hidden patches are replaced in the picture."


class TokenGrid(NamedTuple):
    """The tokens that the layers of a transformer read of a picture."""

    first: str  # path of the first layer
    last: str
    prefix: int  # tokens in front of those of patches, such as a class token
    grid: tuple[int, int]  # patches along the height and the width
    patch: tuple[int, int]  # pixels
    width: int  # of a token

    @contextmanager
    def seeing(self, backbone: nn.Module, visible: Tensor) -> Iterator[dict[str, Tensor]]:
        """A context in which a forward reads the visible patches alone, and what its last layer then gives.

        Args:
            backbone: the encoder.
            visible: int64 (n, k), numbers of the patches of each row.
        """
        found: dict[str, Tensor] = {}

        def before(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            name = "" if args else next(iter(inspect.signature(layer.forward).parameters))
            x = args[0] if args else kwargs[name]
            places = (visible + self.prefix)[:, :, None].expand(-1, -1, x.shape[2])
            kept = torch.cat([x[:, : self.prefix], x.gather(1, places)], 1)
            return ((kept, *args[1:]), kwargs) if args else (args, {**kwargs, name: kept})

        def after(_layer: nn.Module, _args: Any, output: Any) -> None:
            found["tokens"] = first_of(output)

        first, last = backbone.get_submodule(self.first), backbone.get_submodule(self.last)
        handles = [
            first.register_forward_pre_hook(before, with_kwargs=True),
            last.register_forward_hook(after),
        ]
        try:
            yield found
        finally:
            for handle in handles:
                handle.remove()


def reads_patches(backbone: Backbone) -> bool:
    """Whether a backbone has the layers of a transformer."""
    return bool(layers_named(backbone))


def token_grid(backbone: Backbone, shape: Sequence[int]) -> TokenGrid:
    """Find the tokens of patches by forwards of a picture of a shape (channels, height, width).

    Raises:
        BadInput: there are none, or the layers can't read fewer of them.
    """
    name = getattr(backbone, "name", type(backbone).__name__)
    flags = [(module, module.training) for module in backbone.modules()]
    try:
        with torch.no_grad():
            found = _found(backbone.eval(), example_of(backbone, shape).float())
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError, KeyError) as reason:
        why = (str(reason).splitlines() or [type(reason).__name__])[0]
        raise BadInput(f"Patches can't be left out of what {name} reads: {why}. {INSTEAD}") from reason
    finally:
        for module, flag in flags:
            module.training = flag
    return found


def _found(backbone: Backbone, pictures: Tensor) -> TokenGrid:
    """The grid, checked.

    Raises:
        ValueError: why there is none.
    """
    paths = layers_named(backbone)
    if not paths:
        raise ValueError("it has no layers of a transformer")
    called, maps, tokens = _looked(backbone, pictures, paths)
    if not called or tokens.ndim != 3 or len(tokens) != len(pictures):
        raise ValueError("its layers read no rows of tokens (n, tokens, width)")
    fitting = [one for one in maps if math.prod(one[0]) > 1 and tokens.shape[1] - math.prod(one[0]) in MORE]
    if not fitting:
        raise ValueError(f"its {tokens.shape[1]} tokens are no grid that a convolution makes")
    grid, patch = fitting[-1]
    found = TokenGrid(called[0], called[-1], tokens.shape[1] - math.prod(grid), grid, patch, tokens.shape[2])
    _check_order(backbone, pictures, paths, found, tokens)
    _check_fewer(backbone, pictures, found)
    return found


def _looked(
    backbone: Backbone, pictures: Tensor, paths: Sequence[str]
) -> tuple[list[str], list[tuple[tuple[int, int], tuple[int, int]]], Tensor]:
    """Layers in the order of their calls, convolutions before (grid, stride), and the first's tokens."""
    called: list[str] = []
    maps: list[tuple[tuple[int, int], tuple[int, int]]] = []
    seen: dict[str, Tensor] = {}
    names = {backbone.get_submodule(path): path for path in paths}

    def before(layer: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        called.append(names[layer])
        seen.setdefault("x", (args or tuple(kwargs.values()))[0])

    def convolved(layer: nn.Conv2d, _args: Any, output: Tensor) -> None:
        if not called:
            maps.append(((output.shape[2], output.shape[3]), (layer.stride[0], layer.stride[1])))

    handles = [layer.register_forward_pre_hook(before, with_kwargs=True) for layer in names]
    convolutions = [one for one in backbone.modules() if isinstance(one, nn.Conv2d)]
    handles += [one.register_forward_hook(convolved) for one in convolutions]
    try:
        backbone(pictures)
    finally:
        for handle in handles:
            handle.remove()
    return called, maps, seen["x"]


def _check_order(
    backbone: Backbone, pictures: Tensor, paths: Sequence[str], found: TokenGrid, tokens: Tensor
) -> None:
    """Whether a patch's pixels change its token alone, for the first and one in the middle."""
    rows, columns = found.grid
    for place in {0, (rows // 2) * columns + columns // 2}:
        top, left = place // columns * found.patch[0], place % columns * found.patch[1]
        other = pictures.clone()
        other[:, :, top : top + found.patch[0], left : left + found.patch[1]] += 1
        differs = (_looked(backbone, other, paths)[2] != tokens).any(2).any(0).nonzero()[:, 0].tolist()
        if differs != [found.prefix + place]:
            raise ValueError("its tokens see more than a patch each")


def _check_fewer(backbone: Backbone, pictures: Tensor, found: TokenGrid) -> None:
    """Whether the last layer gives the tokens that were visible, and what was hidden changes none of them."""
    most = math.prod(found.grid)
    visible = torch.arange(1, most, 2, device=pictures.device).expand(len(pictures), -1)
    other = pictures.clone()
    other[:, :, : found.patch[0], : found.patch[1]] += 1  # the first patch is hidden
    given = []
    for x in (pictures, other):
        with found.seeing(backbone, visible) as seen:
            backbone(x)
        given.append(seen["tokens"])
    if given[0].shape[1] != found.prefix + visible.shape[1]:
        raise ValueError("its last layer gives as many tokens as before")
    if not torch.equal(*given):
        raise ValueError("a hidden patch is seen by others")
