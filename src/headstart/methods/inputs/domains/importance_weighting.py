from dataclasses import dataclass
from typing import final

from headstart.core import About, Labelled
from headstart.methods.mapping._tuning import Tuning

from ._weighing import Weighing


@final
@dataclass(frozen=True, kw_only=True)
class ImportanceWeighting(Weighing, Tuning):
    """Fine-tune on the source with each row counted by how much likelier it is in the target.

    The weights come from features of the frozen backbone. Without a target it is plain fine-tuning.
    """

    about = About(
        "importance-weighting",
        "mapping",
        "inputs",
        Labelled,
        "doi:10.1016/S0378-3758(00)00115-4",
        weights_source_rows=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_weighing(self.about.name)
