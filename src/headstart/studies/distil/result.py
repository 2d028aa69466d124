"""What `distil` returns: its record, and the shipped student ready to use."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from headstart.predictor.predictor import Predictor, open_model
from headstart.studies._shown import ShownResult
from headstart.studies.distil import Distillation


@dataclass(frozen=True, repr=False)
class DistilledModel(ShownResult):
    """What `distil` returns.

    Attributes:
        folder: with `model/`, `distil.json` and `distil.html`.
        result: the record.
    """

    folder: Path
    result: Distillation

    @cached_property
    def predictor(self) -> Predictor:
        """The shipped student, opened once: `hs.open(folder)`."""
        return open_model(self.folder)

    def predict(self, items: Any, **options: Any) -> Any:
        """Predictions, as `Predictor.predict` gives them: a list, one for each item."""
        return self.predictor.predict(items, **options)
