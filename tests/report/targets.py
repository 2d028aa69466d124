"""Made-up runs whose rows have tags, or numbers, with every part of a result filled in."""

from dataclasses import replace

from headstart.records.record import Interval, Scores
from headstart.studies.adapt import (
    Bin,
    ColumnFigures,
    DataCheck,
    Layer,
    Mistake,
    Result,
    SizePoint,
    TagFigures,
    Tested,
)

from .example import ROWS, candidates, example, wilson

TAGS = ["red", "round", "rare"]


def with_tags() -> Result:
    """Three tags, of which no test row has the last."""

    def scores(rows: int, figure: float) -> Scores:
        shares = ("average_precision", "macro_f1", "micro_f1", "exact_match", "hamming_accuracy")
        known = {name: wilson(figure - 0.01 * i, rows) for i, name in enumerate(shares)}
        known |= {"log_loss": Interval(0.31, 0.25, 0.4), "calibration_error": Interval(0.02, 0.01, 0.04)}
        return Scores(rows, known, "average_precision")

    return replace(
        example(),
        label_kind="tags",
        metric="average_precision",
        classes=TAGS,
        candidates=[replace(one, scores=scores(585, 0.8)) for one in candidates()],
        tested=[
            Tested("selected", "Probe, then fine-tune (LP-FT)", 9, scores(ROWS, 0.83), None),
            Tested("from-scratch", "From scratch", 9, scores(ROWS, 0.5), Interval(0.33, 0.2, 0.4)),
            Tested(
                "tag-shares",
                "Each tag as often as in training",
                0,
                scores(ROWS, 0.2),
                Interval(0.63, 0.5, 0.7),
            ),
        ],
        check=DataCheck(780, {"red": 400, "round": 77, "rare": 3}, []),
        confusion=[],
        tags=[
            TagFigures("red", 100, 90, wilson(0.9, 100), wilson(0.8, 90), wilson(0.72, 100)),
            TagFigures("round", 8, 0, wilson(0.5, 8), None, wilson(0.0, 8)),
            TagFigures("rare", 0, 2, None, wilson(0.0, 2), None),
        ],
        bins=[Bin(0.1, 0.05, 300), Bin(0.9, 0.85, 285)],
        mistakes=[
            Mistake("a.png", "pictures/00.webp", "not red", "red", 0.97),
            Mistake("b.png", "", "round", "not round", 0.91),
        ],
        layers=[Layer("stem", 9, wilson(0.4, 585)), Layer("head", 9, wilson(0.8, 585))],
        size_curve=[SizePoint("lp-ft", "LP-FT", n, [0.5 + n / 1000]) for n in (20, 200)],
    )


def with_numbers(columns: int = 1) -> Result:
    """One number a row, the price, or several."""

    def scores(rows: int, r2: float, mae: float) -> Scores:
        known = {
            "r2": Interval(r2, r2 - 0.1, min(1.0, r2 + 0.1)),
            "rmse": Interval(1.3 * mae, mae, 1.6 * mae),
            "mae": Interval(mae, 0.8 * mae, 1.2 * mae),
            "spearman": Interval(0.8, 0.7, 0.9),
        }
        return Scores(rows, known, "r2")

    truth = [10.0 + i for i in range(60)]
    one = ColumnFigures(
        name="price",
        r2=Interval(0.73, 0.66, 0.79),
        rmse=Interval(3.1, 2.8, 3.6),
        mae=Interval(2.3, 2.0, 2.6),
        mean_mae=4.12,
        truth=truth,
        answers=[value + (-1) ** i * 2.0 for i, value in enumerate(truth)],
        low=-6.0,
        high=6.0,
        errors=[5, 20, 70, 70, 25, 5],
    )
    more = [replace(one, name=f"size {i}", r2=Interval(0.1 * i, 0.0, 0.2 * i)) for i in range(1, columns)]
    return replace(
        example(),
        label_kind="numbers",
        metric="r2",
        classes=["price", *(each.name for each in more)],
        candidates=[replace(each, scores=scores(585, 0.7, 2.4)) for each in candidates()],
        tested=[
            Tested("selected", "Probe, then fine-tune (LP-FT)", 9, scores(ROWS, 0.73, 2.3), None),
            Tested("from-scratch", "From scratch", 9, scores(ROWS, 0.61, 2.9), Interval(0.12, 0.05, 0.2)),
            Tested("mean", "Always the mean", 0, scores(ROWS, -0.001, 4.12), Interval(0.731, 0.6, 0.8)),
        ],
        check=DataCheck(780, {}, []),
        confusion=[],
        columns=[one, *more],
        bins=[],
        mistakes=[
            Mistake("a.png", "pictures/00.webp", "12.00", "18.00", 0.0, error=6.0),
            Mistake("b.png", "", "40.00", "36.50", 0.0, error=-3.5),
        ],
        layers=[Layer("stem", 9, Interval(-0.2, -0.4, 0.1)), Layer("head", 9, Interval(0.7, 0.6, 0.8))],
        size_curve=[SizePoint("lp-ft", "LP-FT", n, [n / 400 - 0.1]) for n in (20, 200)],
    )
