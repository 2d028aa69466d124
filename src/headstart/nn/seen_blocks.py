"""What a student's blocks give, beside what those of its teacher gave."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.core import Backbone, TeacherView

Shapes = Sequence[tuple[int, int]]  # places and width of blocks, in turn


class SeenBlocks(nn.Module):
    """Pairs of a student's and a teacher's blocks, the last ones together; maybe a linear map for each.

    Attributes:
        view: what is seen of both.
        teacher: places and width of the teacher's blocks.
        maps: from the widths of the student's blocks to those of the teacher's; none if not projected.
    """

    def __init__(self, view: TeacherView, mine: Shapes, teacher: Shapes, projected: bool = True) -> None:
        """Draw the maps.

        Args:
            view: what is seen of both.
            mine: places and width of the student's blocks; see `seen_shapes`.
            teacher: likewise of the teacher's.
            projected: whether there are maps.
        """
        super().__init__()
        self.view, self.teacher = view, tuple(teacher)
        pairs = zip(reversed(mine), reversed(self.teacher), strict=False)
        widths = [(own[1], other[1]) for own, other in pairs] if projected else []
        self.maps = nn.ModuleList(nn.Linear(*both) for both in reversed(widths))

    def pairs(self, seen: Sequence[Tensor], teacher: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The student's blocks (n, p, d), projected, and the teacher's (n, q, e), the last ones together.

        Args:
            seen: the student's.
            teacher: all of the teacher's in a row, (n, sum of places times width).
        """
        sizes = [places * width for places, width in self.teacher]
        parts = torch.split(teacher, sizes, 1)
        theirs = [part.view(-1, *shape) for part, shape in zip(parts, self.teacher, strict=True)]
        count = min(len(seen), len(theirs))
        mine = list(seen)[len(seen) - count :]
        if self.maps:
            mine = [project(one) for project, one in zip(self.maps, mine, strict=True)]
        return list(zip(mine, theirs[len(theirs) - count :], strict=True))


def seen_shapes(backbone: Backbone, shape: tuple[int, ...], view: TeacherView) -> Shapes:
    """Places and width of what is seen of a backbone's blocks, by one forward.

    Args:
        backbone: its flags are restored.
        shape: of one sample, for a backbone that knows no example.
        view: what is seen.
    """
    flags = [(module, module.training) for module in backbone.modules()]
    device = next((tensor.device for tensor in backbone.parameters()), torch.device("cpu"))
    example = torch.zeros(2, *shape) if backbone.example is None else backbone.example
    try:
        with torch.no_grad():
            _, seen = backbone.eval().with_blocks(example.to(device), view)
    finally:
        for module, flag in flags:
            module.training = flag
    return [(one.shape[1], one.shape[2]) for one in seen]
