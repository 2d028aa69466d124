"""What comes whatever is trained: the steps after the choice, for which time is kept."""

from collections.abc import Mapping

from headstart.nn.source_statistics import FEWEST
from headstart.predictor.examples import MOST
from headstart.predictor.training_rows import MOST as ROWS
from headstart.studies.adapt.settings import AdaptSettings

OLD = "test the old task"
RANKED = "rank labels that may be wrong"
KEPT = "keep training rows for explanations"
EXPLAINED = "explain answers"
MODEL = "save the model"
ONNX = "write model.onnx"
LABELS_PAGE = "write the page of labels"
# steps that come in any case
ALWAYS = ("test", OLD, RANKED, KEPT, EXPLAINED, "save", MODEL, ONNX, LABELS_PAGE, "write the page")
SHARE = 0.02  # of the budget, for rows that are kept, and as much again for answers that are explained
RAW = 0.15  # of the time of reading a row in the backbone, that raw features of it take
EXPORT = 2.5  # seconds, with the import of the packages
FORWARDS = 400  # of a row, that explaining answers takes at most


def last_steps(
    settings: AdaptSettings, rows: Mapping[str, int], read: float = 0.0, models: int = 1
) -> dict[str, float]:
    """The steps after the choice with an estimate of the seconds of each.

    Args:
        settings: of the study.
        rows: in the parts "train" and "test", and "old" in test parts of old tasks.
        read: seconds that the frozen backbone takes for a row; 0: not known yet.
        models: that predict the test part.
    """
    share = SHARE * settings.seconds
    measured = min(max(share / 2, read * FEWEST), read * min(ROWS, rows["train"]))
    return {
        "test": 3.0 + read * (models * rows["test"] + RAW * (rows["train"] + rows["test"])),
        OLD: 2.0 * read * rows["old"],
        RANKED: 0.5,
        KEPT: min(share, read * min(MOST, rows["train"])) + measured,
        EXPLAINED: min(share, 0.5 + FORWARDS * read),
        "save": 1.0,
        MODEL: 0.5,
        ONNX: EXPORT * settings.writes_onnx,
        LABELS_PAGE: 0.5,
        "write the page": 2.0,
    }
