"""Faults in what `shift` says of two domains, and in what it may look at."""

from tests.faults import Fault

SHIFT_REPORT_FAULTS = (
    Fault(
        "studies/shift/verdict.py",
        "return width <= WIDE or inside < MOST",
        "return True",
        "in a thousand columns all rows are said to be within reach",
        "study/test_shift.py sentences_follow",
    ),
    Fault(
        "data/unlabelled.py",
        "    labels = np.zeros(len(data), np.int64)\n    bare = Dataset(data.name, (CLASS,), labels,",
        "    labels = data.labels\n    bare = Dataset(data.name, data.classes, labels,",
        "the labels of the target go along",
        "data/test_unlabelled.py dropped",
    ),
    Fault(
        "data/similarity.py",
        "    if absent or extra:\n",
        "    if absent:\n",
        "a column that the source does not have goes unnoticed",
        "data/test_unlabelled.py tables_that_are_refused",
    ),
    Fault(
        "studies/shift/classifiers.py",
        "        if low <= 0.5 <= high:\n",
        "        if False:\n",
        "one of twelve pairs of samples of one distribution is called different",
        "study/test_shift.py two_samples_of_one",
    ),
    Fault(
        "studies/shift/classifiers.py",
        ".numpy() + _log_prior(domain, fold)",
        ".numpy()",
        "the classifier of domains counts the sizes of the two samples",
        "study/test_shift.py sizes_of_the_domains",
    ),
    Fault(
        "metrics/shift/apart.py",
        "mine, theirs = 1 - _placed(one, other), _placed(other, one)",
        "mine, theirs = _placed(one, other), _placed(one, other)",
        "the area is that of the source against the target",
        "metrics/test_shift_shares.py auc",
    ),
    Fault(
        "metrics/shift/apart.py",
        "        off = np.bincount(names, weights=off)\n",
        "        pass\n",
        "copies of a row make the interval narrower",
        "metrics/test_shift_shares.py group",
    ),
    Fault(
        "studies/shift/verdict.py",
        "if figures.inside < SOME or figures.effective < enough:",
        "if figures.inside < SOME:",
        "weights are proposed where hardly a row would carry them",
        "study/test_shift.py verdicts_follow",
    ),
    Fault(
        "studies/shift/quantities.py",
        "least = 2 if among else 1",
        "least = 1",
        "a word of the source is known by the text that it stands in",
        "study/test_shift.py by_hand",
    ),
    Fault(
        "studies/shift/quantities.py",
        '"missing", (empty[:n], empty[n:])',
        '"missing", (empty[:n], empty[:n])',
        "empty cells of the target are not counted",
        "study/test_shift.py empty_cells",
    ),
    Fault(
        "studies/shift/classifiers.py",
        "predictions = (z @ fit.weight.T + fit.bias).argmax(1).numpy()",
        "predictions = (x @ fit.weight.T + fit.bias).argmax(1).numpy()",
        "the shares of the classes are those of the source",
        "study/test_shift.py shares_of_the_classes",
    ),
)
