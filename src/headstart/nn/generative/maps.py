"""A conditional U-Net (arXiv:1505.04597) from pictures to pictures, for sides up to about 64 pixels."""

from torch import Tensor, cat, nn
from torch.nn.functional import interpolate, silu

from .conditions import Conditions, Modulation

SMALLEST = 4  # side in pixels of the smallest map
GROUPS = 8  # of channels that are normalised together


def halvings(height: int, width: int) -> int:
    """How often maps are halved: until the smaller side would fall below `SMALLEST`, three times at most.

    >>> [halvings(side, side) for side in (4, 8, 28, 64)]
    [0, 1, 2, 3]
    """
    count, side = 0, min(height, width)
    while side >= 2 * SMALLEST and count < 3:
        count, side = count + 1, side // 2
    return count


class UNet(nn.Module):
    """Maps of pictures (n, channels, h, w) to such maps by time and class; at first zeros."""

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int) -> None:
        """Of pictures of a shape (channels, height, width); the largest maps have `width` channels."""
        super().__init__()
        channels, *sides = shape
        widths = [width * (1 if level == 0 else 2) for level in range(halvings(*sides) + 1)]
        self.conditions = Conditions(classes, 2 * width)
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.down = nn.ModuleList()
        self.halve = nn.ModuleList()
        self.up = nn.ModuleList()
        before = width
        for level, wide in enumerate(widths):
            self.down.append(MapBlock(before, wide, 2 * width))
            if level + 1 < len(widths):
                self.halve.append(nn.Conv2d(wide, wide, 3, stride=2, padding=1))
            before = wide
        self.middle = MapBlock(before, before, 2 * width)
        for wide in reversed(widths):
            self.up.append(MapBlock(before + wide, wide, 2 * width))
            before = wide
        self.norm = nn.GroupNorm(_groups(before), before)
        self.last = nn.Conv2d(before, channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, time: Tensor, y: Tensor) -> Tensor:
        """(n, channels, h, w) of x likewise, times (n,) in [0, 1] and classes (n,)."""
        condition = self.conditions(time, y)
        h, seen = self.first(x), []
        for level, block in enumerate(self.down):
            h = block(h, condition)
            seen.append(h)
            if level < len(self.halve):
                h = self.halve[level](h)
        h = self.middle(h, condition)
        for block in self.up:
            beside = seen.pop()
            h = interpolate(h, size=beside.shape[2:], mode="nearest") if h.shape != beside.shape else h
            h = block(cat([h, beside], 1), condition)
        found: Tensor = self.last(silu(self.norm(h)))
        return found


class MapBlock(nn.Module):
    """Two convolutions with a residual connection, modulated by a condition."""

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(_groups(inputs), inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.after = nn.GroupNorm(_groups(outputs), outputs)
        self.modulation = Modulation(condition, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h, w) by conditions (n, condition)."""
        h = self.conv(silu(self.norm(x)))
        h = self.second(silu(self.modulation(self.after(h), condition)))
        found: Tensor = self.skip(x) + h
        return found


def _groups(channels: int) -> int:
    return GROUPS if channels % GROUPS == 0 else 1
