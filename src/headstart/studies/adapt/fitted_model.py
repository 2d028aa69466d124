"""A method fitted on all of the training part, as the study keeps it."""

import copy
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headstart.core import Method, Model
from headstart.nn.adapters.adapter_file import set_in, set_out
from headstart.nn.adapters.apart import Apart, set_of
from headstart.nn.heads import make_head
from headstart.session.fitted import Fitted
from headstart.session.session import Session


@dataclass(frozen=True)
class FittedModel:
    """A method fitted on all of the training part."""

    method: Method[Any]
    state: dict[str, Tensor]
    head: tuple[str, dict[str, Any]]
    trained: int
    curve: list[float]
    notes: list[str]
    adapters: tuple[dict[str, Tensor], dict[str, str]] | None = None  # that are in it, to be shipped alone

    def model(self, session: Session) -> Model:
        """The fitted model on the session's device, in evaluation mode."""
        backbone = self.method.shipped_backbone(copy.deepcopy(session.backbone))
        model = Model(backbone, make_head(*self.head))
        model.load_state_dict(self.state)
        if self.adapters is not None:
            backbone.apart = Apart.again(backbone, set_in(*self.adapters, backbone))
        return model.to(session.engine.device).eval()


def to_keep(fitted: Fitted) -> dict[str, Any]:
    """What makes a `FittedModel` of a fit again, beside the method."""
    head, adapters = fitted.model.head, set_of(fitted.model.backbone)
    return {
        "state": dict(fitted.model.state_dict()),
        "head": [type(head).__name__, dict(head.settings)],
        "trained": fitted.trained,
        "curve": fitted.curve,
        "notes": fitted.notes,
        "adapters": None if adapters is None else set_out(adapters),
    }
