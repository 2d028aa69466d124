"""The backbone of a session, and what kind of examples it takes."""

from torch import nn

from headstart.core import BadData, Tokens
from headstart.data.dataset import Dataset
from headstart.data.modality import modalities
from headstart.models.backbone import AnyBackbone
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.teaching.contents import stand_in


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
