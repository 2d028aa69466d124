"""The backbone of a session, and what kind of examples it takes."""

import torch
from torch import Tensor, nn

from headstart.core import BadData, Head, Tokens
from headstart.data.dataset import Dataset
from headstart.data.modality import modalities
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models.backbone import AnyBackbone
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.solvers.threads import threads_for
from headstart.teaching.contents import stand_in
from headstart.teaching.state import State

METHOD = RidgeProbe()  # that gives the head


def suited_backbone(base: str | nn.Module | None, kind: str) -> tuple[AnyBackbone, str]:
    """A backbone for single examples, as it is for the data set that they make, and their kind.

    Args:
        base: a name or a module; None takes the built-in one of the kind.
        kind: "texts", or "pictures", which a backbone of texts overrules.

    Raises:
        BadData: it takes neither.
    """
    mapping = build_backbone(stand_in(kind), modalities()[kind].backbone if base is None else base)
    kind = "texts" if isinstance(mapping.reader, Tokens) else kind
    return fit_to_data(mapping, stand_in(kind)), kind


def solved_head(state: State, features: Tensor) -> Head:
    """The head of examples of two classes or more with features (n, width); its outputs are their labels."""
    place = {name: number for number, name in enumerate(state.labels)}
    labels = torch.tensor([place[each.label] for each in state.examples])
    with threads_for(features.numel()):
        return METHOD.solve(features, labels, len(place))


def kind_of(data: Dataset | None, texts: bool) -> str:
    """What the examples are, as far as it is said: pictures, unless they are texts.

    Raises:
        BadData: the data are of another kind, or have no classes.
    """
    if data is None:
        return "texts" if texts else "pictures"
    if data.kind not in ("pictures", "texts") or (texts and data.kind != "texts"):
        wanted = "texts" if texts else "pictures or texts"
        raise BadData(f"{data.name} holds {data.modality.description}, and this session takes {wanted}.")
    if data.label_kind != "classes":
        raise BadData(f"{data.name} has {data.label_kind} as labels, and a session teaches classes.")
    return data.kind
