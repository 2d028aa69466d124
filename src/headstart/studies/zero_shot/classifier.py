"""What `zero-shot` returns: its record, and the classifier ready to use."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.predictor.predictor import Predictor
from headstart.studies._shown import ShownResult
from headstart.studies.zero_shot import ZeroShot

PREDICTIONS = "predictions.csv"  # for rows without labels


@dataclass(frozen=True, repr=False)
class ZeroShotClassifier(ShownResult):
    """What `zero_shot` returns.

    Attributes:
        result: the record.
        predictor: the encoder of rows with a head of class embeddings: an ordinary model.
        folder: with the record, the page and `model/`; None: nothing was kept.
    """

    result: ZeroShot
    predictor: Predictor
    folder: Path | None

    def predict(self, items: Any, **options: Any) -> Any:
        """Predictions, as `Predictor.predict` gives them: a list, one for each item."""
        return self.predictor.predict(items, **options)

    def predict_table(self, items: Any, **options: Any) -> dict[str, Any]:
        """The predictions as columns, for `pandas.DataFrame(...)`; see `Predictor.predict_table`."""
        return self.predictor.predict_table(items, **options)

    def save(self, folder: str | Path) -> None:
        """Write the classifier as a model that `hs.open`, `predict`, `evaluate` and `export` take."""
        self.predictor.save(folder)
