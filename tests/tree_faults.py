"""Faults of trees, for tests/test_faults.py."""

from tests.faults import Fault

TREES = (
    Fault(
        "nn/tree_head.py",
        "<= self.threshold[here]",
        "< self.threshold[here]",
        "a row on a threshold goes to the other side",
        "nn/test_tree_head.py a_row_goes_left",
    ),
    Fault(
        "nn/tree_head.py",
        "smooth = (sums * trees + 1 / ways) / (trees + 1)",
        "smooth = sums",
        "a probability is exactly 0",
        "nn/test_tree_head.py votes_are_smoothed",
    ),
    Fault(
        "methods/mapping/trees/arrays.py",
        "np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)",
        "near",
        "thresholds are rounded to the nearest number, which may lie above",
        "nn/test_tree_head.py thresholds_in_float32",
    ),
    Fault(
        "methods/mapping/trees/tree_method.py",
        "head = self.grow(x[rest], y[rest], outputs, None if w is None else w[rest])",
        "head = self.grow(x, y, outputs, w)",
        "the temperature is found on rows that the trees know",
        "methods/test_random_forest.py temperature",
    ),
    Fault(
        "methods/mapping/trees/tree_method.py",
        "return backbone.raw_columns()",
        "return backbone",
        "a backbone's weights are shipped beside trees that take the columns",
        "methods/test_random_forest.py saved_as_tensors",
    ),
    Fault(
        "methods/mapping/trees/gradient_boosting.py",
        "return max(1, min(USUAL_LEAF, rows // (SHARE * classes)))",
        "return USUAL_LEAF",
        "the leaves of few rows can't be split",
        "methods/test_gradient_boosting.py few_rows_are_split",
    ),
    Fault(
        "studies/adapt/budget.py",
        "* TENTH**method.about.growth",
        "* TENTH",
        "what grows faster than the rows is thought to take as long as they are more",
        "study/test_budget.py timed_on_a_tenth",
    ),
    Fault(
        "studies/adapt/budget.py",
        "<= most and (1 + refit) * likely <= self.left()",
        "<= most",
        "a solution is begun that there is no time to fit on all rows",
        "study/test_budget.py leaves_time_to_fit",
    ),
    Fault(
        "studies/adapt/candidates.py",
        "able = [result for result in tried if transfers(result.method) or not transfer_only]",
        "able = list(tried)",
        "what transfers nothing is shipped though only what transfers was asked for",
        "study/test_no_transfer.py the_choice_says",
    ),
    Fault(
        "studies/adapt/run.py",
        "*data.modality.methods, *(WITH",
        "*(WITH",
        "no tree is tried on a table",
        "study/test_no_transfer.py tried_on_tables",
    ),
    Fault(
        "studies/adapt/record_fields.py",
        "opening if transferred else",
        "opening if tested else",
        "a headline does not say that nothing was transferred",
        "study/test_no_transfer.py wins",
    ),
    Fault(
        "session/session.py",
        "method if backbone.learned else method.at_full_rate()",
        "method",
        "a network that has learned nothing is tuned at a tenth of the rate",
        "study/test_untaught.py full_rate",
    ),
    Fault(
        "studies/adapt/plan.py",
        "most = 0 if self.learned else",
        "most = 0 if True else",
        "a network that has learned nothing gets 20 epochs however few steps they are",
        "study/test_untaught.py enough_steps",
    ),
)
