from dataclasses import dataclass
from typing import final

from headstart.core import About, Labelled
from headstart.methods.mapping._tuning import Tuning


@final
@dataclass(frozen=True, kw_only=True)
class FineTune(Tuning):
    """Go on training the whole model on your labels, from where pre-training left it."""

    about = About("fine-tune", "start", "mapping", Labelled, "arXiv:1411.1792", display_name="Fine-tuning")
