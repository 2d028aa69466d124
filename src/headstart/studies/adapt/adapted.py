"""What `adapt` returns: its record, and the model ready to use."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from headstart.predictor.predictor import Predictor, open_model
from headstart.records.label_errors import LabelErrors
from headstart.studies import build_page, find_public
from headstart.studies._shown import ShownResult
from headstart.studies.adapt import SPEC, Result
from headstart.studies.adapt.page_labels import require_label_errors


@dataclass(frozen=True, repr=False)
class Adapted(ShownResult):
    """What `adapt` returns.

    Attributes:
        folder: with `model/`, `result.json`, `timings.json`, `ticks.jsonl` and `report.html`.
        result: the record.
    """

    folder: Path
    result: Result

    @cached_property
    def predictor(self) -> Predictor:
        """The model of the folder, opened once: `hs.open(folder)`."""
        return open_model(self.folder)

    def predict(self, items: Any, **options: Any) -> Any:
        """Predictions of the model, as `Predictor.predict` gives them: a list, one for each item."""
        return self.predictor.predict(items, **options)

    def predict_table(self, items: Any, **options: Any) -> dict[str, Any]:
        """The predictions as columns, for `pandas.DataFrame(...)`; see `Predictor.predict_table`."""
        return self.predictor.predict_table(items, **options)

    def evaluate(self, data: Any, **options: Any) -> Any:
        """How good the model is on labelled data that it has not seen, as `hs.evaluate` tells it."""
        return find_public("evaluate")(self.folder, data, **options)

    def label_errors(self) -> LabelErrors:
        """Labels of the training part that are probably wrong, worst first.

        `pandas.DataFrame(found.columns())` makes a table of them; `found.rows` have more.

        Raises:
            BadInput: the run is of an earlier version, which did not look for them.
        """
        return require_label_errors(self.folder)

    def explain(self, items: Any, **options: Any) -> Any:
        """Why the model gives its answers for some items, as `hs.explain` tells it."""
        return find_public("explain")(self.folder, items, **options)

    @property
    def report(self) -> Path:
        """The page, `report.html`, which is built if it is not there.

        Raises:
            MissingPackage: the packages that build it are not installed.
        """
        page = self.folder / SPEC.page_file
        return page if page.is_file() else build_page(self.folder)
