"""The map of a backbone's last block: its features at places of a picture."""

import math

import torch
from torch import Tensor, nn

from headstart.core import Backbone
from headstart.core.inside import outputs_inside


def last_map(backbone: Backbone, x: Tensor) -> tuple[Tensor, Tensor | None]:
    """Features (n, width), and the output (n, d, h, w) of the last block with several places, in one forward.

    Args:
        backbone: any.
        x: square pictures (n, channels, size, size).

    Returns:
        None in place of the map, if no block has places.
    """
    with outputs_inside(backbone, backbone.blocks) as found:
        features = backbone(x)
    outputs = [found[name] for name in reversed(backbone.blocks) if name in found]
    return features, next((grid for grid in map(as_map, outputs) if grid is not None), None)


def as_map(output: Tensor) -> Tensor | None:
    """A map (n, d, h, w) of what a block gives for square pictures; None if it has fewer than four places.

    Args:
        output: a square map with the features first or last, or tokens (n, t, d), of which those in front of
            a square, such as a class token, are left out.
    """
    if output.ndim == 4:
        last = output.shape[2] != output.shape[3] and output.shape[1] == output.shape[2]
        grid = output.movedim(3, 1) if last else output
        return grid if grid.shape[2] * grid.shape[3] >= 4 else None
    side = math.isqrt(output.shape[1]) if output.ndim == 3 else 0
    if side < 2:
        return None
    return output[:, output.shape[1] - side**2 :].mT.reshape(len(output), -1, side, side)


def map_width(backbone: Backbone, shape: tuple[int, ...]) -> int | None:
    """Features of the last map of a picture of a shape, by one forward; None: no map. Modes are restored."""
    flags = [(module, module.training) for module in backbone.modules()]
    device = next((tensor.device for tensor in backbone.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad():
            _, grid = last_map(backbone.eval(), torch.zeros(2, *shape, device=device))
    finally:
        for module, flag in flags:
            module.training = flag
    return None if grid is None else grid.shape[1]


class MapDecoder(nn.Module):
    """Light decoder of a map: outputs at each place of a finer grid."""

    def __init__(self, places: int, width: int, hidden: int, outputs: int) -> None:
        """Of maps of `places` features and of `width` features of the whole picture."""
        super().__init__()
        self.here, self.whole = nn.Conv2d(places, hidden, 1), nn.Linear(width, hidden)
        self.around = nn.Conv2d(hidden, hidden, 3, padding=1)
        self.out = nn.Conv2d(hidden, outputs, 1)

    def forward(self, features: Tensor, grid: Tensor, size: int) -> Tensor:
        """(n, outputs, size, size) of features (n, width) and maps (n, places, h, w)."""
        both = torch.relu(self.here(grid) + self.whole(features)[:, :, None, None])
        fine = nn.functional.interpolate(both, size=(size, size), mode="bilinear", align_corners=False)
        found: Tensor = self.out(torch.relu(self.around(fine)))
        return found
