"""What metrics are called in sentences, and which are better when lower; needs no torch."""

TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "average_precision": "average precision",
    "auc": "AUC",
    "micro_f1": "micro F1",
    "exact_match": "exact match",
    "hamming_accuracy": "Hamming accuracy",
    "r2": "R\u00b2",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "spearman": "rank correlation",
}
LOWER_IS_BETTER = frozenset(["log_loss", "calibration_error", "rmse", "mae"])


def merit(name: str, value: float) -> float:
    """A figure with its sign turned where lower ones are better: the best has the highest."""
    return -value if name in LOWER_IS_BETTER else value


def title_of(name: str) -> str:
    """The title of a metric; the name in words of one that headstart does not know.

    >>> title_of("auc"), title_of("my_own")
    ('AUC', 'my own')
    """
    return TITLES.get(name) or name.replace("_", " ")
