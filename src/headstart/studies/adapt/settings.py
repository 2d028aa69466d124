"""How `adapt` works: its settings, each an option of the command line."""

import math
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from headstart.records.settings import METRIC, POSITIVE, SHARE, Rule, TrainingSettings, one_of, option, whole
from headstart.records.two_classes import FORMS, is_threshold

EXPORT_PACKAGES = ("onnx", "onnxruntime", "onnxscript")  # of the extra `export`
BUDGETS = {"fast": 60.0, "good": 300.0, "best": 3600.0}  # seconds by quality, where no budget is given


@dataclass(frozen=True, kw_only=True)
class AdaptSettings(TrainingSettings):
    """How `adapt` works; each field is an option of the command line."""

    quality: Literal["fast", "good", "best"] = option(
        "What is tried within the budget. fast: probes and other methods that are solved in one pass; good: "
        "whole models too, on the folds that half of the budget has room for; best: further methods, all of "
        "the budget.",
        "good",
        one_of(*BUDGETS),
    )
    budget: float | None = option(
        "Seconds (or 5m, 1h) from the start of the command to the report; what does not fit is left out. "
        "Default: 60 if the quality is fast, 300 if it is good, 3600 if it is best.",
        None,
        Rule(lambda v: v > 0, "a number of seconds > 0"),
        duration=True,
    )
    reading: Literal["auto", "own"] = option(
        "Choose by a probe at which size samples are read and from which blocks probes take features, or "
        "leave both as the backbone has them (own).",
        "auto",
        one_of("auto", "own"),
    )
    methods: tuple[str, ...] = option(
        "Method to compare, with settings after a colon: fine-tune:last=2; repeatable. Default: all that "
        "suit the data and the budget.",
        (),
    )
    transfer_only: bool = option(
        "Ship only what transfers something; methods that transfer nothing are compared, but not selected.",
        False,
    )
    metric: str | None = option(
        f"Metric that selects the method and comes first in the report: {METRIC}. Default: accuracy, or "
        "balanced_accuracy where a class is more than three times another; average_precision; r2.",
        None,
        metavar="METRIC",
    )
    logit_adjustment: float = option(
        "Take this times the log of a class's share in training off its logit: 1 makes all classes equally "
        "frequent for the model, which serves balanced accuracy.",
        0.0,
        Rule(lambda v: 0 <= v < math.inf, "a number >= 0"),
    )
    folds: int = option("Number of cross-validation folds on the training part, at least 2.", 5, whole(2))
    test: float = option("Fraction of the rows held out for the final test, in (0, 1).", 0.2, SHARE)
    augment_weight: float | None = option(
        "Weight of a generated row of --augment-with beside a real one, > 0. Default: 1, or less, so that "
        "together they weigh no more than the real rows.",
        None,
        POSITIVE,
    )
    lr: float = option("Peak learning rate of heads; backbones use a tenth of it.", 2e-3, POSITIVE)
    curve: bool = option("Also measure accuracy against labels per class.", True)
    head: str = option(
        "Of a fitted model as the backbone: keep its outputs for classes of the same names, begin with a new "
        "head, or rename classes first, as in maize=corn,oat=oats.",
        "keep",
        metavar="HEAD",
    )
    positive: str | None = option(
        "Of two classes: the positive one, which a threshold, ROC, precision-recall and average_precision "
        "are about. Default: the one with fewer rows.",
        None,
        metavar="CLASS",
    )
    threshold: str | None = option(
        "Of two classes: predict the positive one from this probability on. A number; auto or max:f1, ... "
        "(best for a metric), recall=0.9 or precision=0.9 (at least that), chosen on out-of-fold rows. "
        "Default: 0.5.",
        None,
        Rule(is_threshold, FORMS),
        metavar="RULE",
    )
    abstain: float = option(
        "Predict 'unsure' below this probability, in [0, 1).",
        0.0,
        Rule(lambda v: 0 <= v < 1, "in [0, 1)"),
    )
    onnx: bool = option(
        "Also write model.onnx, by which `headstart predict` answers without torch, where the packages of "
        "the extra export are there.",
        True,
    )
    keep_files: Literal["results", "steps", "all"] = option(
        "What stays in the folder of a finished run. results: model, report and records; steps: also what a "
        "larger --budget goes on from; all: also what frozen layers gave.",
        "steps",
        one_of("results", "steps", "all"),
    )

    @property
    def limit(self) -> float | None:
        """Seconds from the start to the report; None where the epochs are given, which no budget cuts."""
        return self.seconds if self.epochs is None else None

    @property
    def writes_onnx(self) -> bool:
        """Whether `model.onnx` is written: it is wanted, and the packages are there."""
        return self.onnx and all(find_spec(name) is not None for name in EXPORT_PACKAGES)

    @property
    def seconds(self) -> float:
        """The budget, or the usual one of the quality."""
        return BUDGETS[self.quality] if self.budget is None else self.budget
