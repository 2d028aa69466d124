"""Students that learn from inside their teacher too."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from headstart.core import Backbone, BadInput, Distilled, Loss, Parts, Task, TeacherView
from headstart.methods.tuning import tuned_parts
from headstart.nn.seen_blocks import SeenBlocks, seen_shapes

from ._soft_targets import StudentSettings, outputs_of, target_terms

BLOCKS = "blocks"
Compare = Callable[[Tensor, Tensor], Tensor]  # blocks of the student and of the teacher (n, p, d), (n, q, e)


def parts_with_blocks(
    settings: StudentSettings, backbone: Backbone, task: Task, view: TeacherView, projected: bool
) -> Parts:
    """The student, and the pairs of blocks that are compared.

    Raises:
        BadInput: nothing is known of the inside of a teacher.
    """
    parts = tuned_parts(settings, backbone, task)  # first, so that the head is drawn as without a teacher
    if not task.teacher:
        raise BadInput(f"{settings.about.name}: there is no teacher that shows its inside. Give a network.")
    view = replace(view, blocks=min(view.blocks, len(task.teacher)))
    mine = seen_shapes(backbone, task.shape, view)
    return Parts({**parts, BLOCKS: SeenBlocks(view, mine, task.teacher, projected)})


def loss_with_blocks(
    settings: StudentSettings, parts: Parts, batch: Distilled, weight: float, compare: Compare
) -> Loss:
    """What is learned of labels and outputs, and `weight` times the mean over blocks of `compare`."""
    if not weight:
        return Loss.sum(**target_terms(settings, outputs_of(parts, batch), batch))
    blocks, backbone = parts[BLOCKS], parts["backbone"]
    assert isinstance(blocks, SeenBlocks)
    assert isinstance(backbone, Backbone)
    features, seen = backbone.with_blocks(batch.x, blocks.view)
    apart = [compare(*pair) for pair in blocks.pairs(seen, seen_of_teacher(settings, batch))]
    terms = target_terms(settings, parts["head"](features), batch)
    return Loss.sum(**terms, blocks=weight * torch.stack(apart).mean())


def seen_of_teacher(settings: StudentSettings, batch: Distilled) -> Tensor:
    """What is seen inside the teacher, (n, d).

    Raises:
        BadInput: the batch has nothing of it.
    """
    seen = getattr(batch, "features", None)
    if seen is None:
        name = settings.about.name
        raise BadInput(f"{name}: the batch has nothing from inside a teacher. Take a network as the teacher.")
    found: Tensor = seen
    return found
