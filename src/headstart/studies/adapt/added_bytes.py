"""What a task adds to a backbone that stays as it is: the bytes of all that is new or has changed."""

from torch import Tensor, equal

from headstart.models.backbone import AnyBackbone
from headstart.session.fitted import Fitted

PART = "backbone"  # of a run, with its adapters beside the weights


def added_bytes(fitted: Fitted, backbone: AnyBackbone) -> int:
    """Bytes of the head, and of each tensor of the backbone that is not as it was: adapters, norms, buffers.

    Args:
        fitted: by a method.
        backbone: that it started from.

    Returns:
        The bytes; 0 if the method took nothing over, so that there is no backbone to add to.
    """
    if fitted.method.about.transfers == "nothing":
        return 0
    parts = dict(fitted.run.parts.items())
    learned = parts.get(PART, fitted.model.backbone)
    before = {name: one for name, one in backbone.state_dict().items() if isinstance(one, Tensor)}
    after = {name: one for name, one in learned.state_dict().items() if isinstance(one, Tensor)}
    changed = [one for name, one in after.items() if name not in before or not _same(one, before[name])]
    head = [one for one in fitted.model.head.state_dict().values() if isinstance(one, Tensor)]
    return sum(one.numel() * one.element_size() for one in (*changed, *head))


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and equal(one.cpu(), other.to(one.dtype).cpu())
