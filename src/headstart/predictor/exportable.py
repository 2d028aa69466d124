"""What an export asks of a predictor."""

from typing import Protocol

from headstart.core import LabelKind, Model, Preprocess, Reader, Tokens
from headstart.data.dataset import Dataset
from headstart.data.modality import Modality
from headstart.predictor.training import Training


class Exportable(Protocol):
    """A model, how its inputs are read, and how its outputs become labels; see `Predictor`."""

    model: Model
    classes: tuple[str, ...]
    label_kind: LabelKind
    abstain: float
    positive: str | None
    threshold: float
    preprocess: Preprocess | None
    tokens: Tokens | None
    training: Training | None

    def require_classes(self) -> None:
        """Refuse an encoder alone."""

    @property
    def reader(self) -> Reader | None:
        """How items become inputs."""

    @property
    def modality(self) -> Modality[Dataset]:
        """The kind of items."""
