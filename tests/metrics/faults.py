"""Faults in the figures of tags and numbers that the tests must catch; see tests/faults.py."""

from tests.faults import Fault

METRICS = (
    Fault(
        "metrics/tags.py",
        'ends = np.searchsorted(-probabilities[order], levels, side="right")',
        'ends = np.searchsorted(-probabilities[order], levels, side="left") + 1',
        "rows of one probability are ranked by their place in the file",
        "metrics/test_tags.py told_apart",
    ),
    Fault(
        "metrics/tags.py",
        "mean_where(np.nan_to_num(each), np.isfinite(each))",
        "np.nan_to_num(each).mean(1)",
        "a tag that no row has counts as one that is never found",
        "metrics/test_tags.py left_out",
    ),
    Fault(
        "metrics/tags.py",
        "    total = found[-1]\n",
        "    total = np.full_like(found[-1], len(ranking.found))\n",
        "draws with few positives have low average precision",
        "metrics/test_tags.py scikit_learns",
    ),
    Fault(
        "metrics/numbers.py",
        "    constant = spread <= SMALL * squares\n",
        "    constant = spread <= 0\n",
        "rounding is taken for variance, and R2 is minus ten to the thirty",
        "metrics/test_numbers.py all_the_same or one_value",
    ),
    Fault(
        "metrics/numbers.py",
        "spread = squares - np.square(weights @ centred) / weights.sum(1)[:, None]",
        "spread = squares",
        "draws are compared with the mean of other rows",
        "metrics/test_numbers.py of_the_libraries",
    ),
    Fault(
        "metrics/numbers.py",
        "    middle -= counts / 2\n",
        "",
        "equal values, such as rows drawn twice, do not share their ranks",
        "metrics/test_numbers.py of_the_libraries",
    ),
    Fault(
        "metrics/intervals.py",
        "quantile = np.nanquantile if np.isnan(draws).any() else np.quantile",
        "draws = np.nan_to_num(draws); quantile = np.quantile",
        "draws without a tag count as draws that never found it",
        "metrics/test_tags.py do_not_count",
    ),
)
