"""Faults about labels that are probably wrong, and about what fixes of them do."""

from tests.faults import Fault

FOUND = "metrics/test_label_errors.py"
FIXES = "data/test_label_fixes.py"
STUDY = "study/test_label_errors.py"

LABEL_FAULTS = (
    Fault(
        "metrics/label_errors.py",
        "np.where(above, probabilities, -np.inf)",
        "above",
        "the first class above its threshold counts, not the likeliest",
        f"{FOUND} two_are_above",
    ),
    Fault(
        "metrics/label_errors.py",
        "/ np.maximum(sums, 1)[:, None] * counts[:, None]",
        "/ np.maximum(sums, 1)[:, None] * sums[:, None]",
        "rows that are confidently of no class are forgotten",
        f"{FOUND} joint_by_hand or remainders",
    ),
    Fault(
        "metrics/label_errors.py",
        "    wrong &= otherwise  # what",
        "    # what",
        "rows are listed that are predicted as they are labelled",
        f"{FOUND} not_questioned",
    ),
    Fault(
        "metrics/label_errors.py",
        "np.argsort(-margins, kind=",
        "np.argsort(margins, kind=",
        "of the rows of a class those that look right are listed",
        f"{FOUND} by_hand",
    ),
    Fault(
        "metrics/label_errors.py",
        "return FoundErrors(wrong, own,",
        "return FoundErrors(wrong, 1 - own,",
        "the best labels come first",
        f"{FOUND} by_hand",
    ),
    Fault(
        "metrics/label_errors.py",
        "FAR_OUT = 3.5 * NORMAL",
        "FAR_OUT = 3.5",
        "fences in standard deviations, as if they were interquartile ranges",
        f"{FOUND} far_out_by_hand",
    ),
    Fault(
        "data/label_fixes.py",
        "labels, kept = data.labels.copy(),",
        "labels, kept = data.labels,",
        "the data of the caller are changed",
        f"{FIXES} stay_as_they_are",
    ),
    Fault(
        "data/label_fixes.py",
        "meant = [row for row in left if _same(labels[row], old)]",
        "meant = left",
        "labels that have changed since are overwritten",
        f"{FIXES} told_apart or does_not_fit",
    ),
    Fault(
        "data/label_fixes.py",
        "labels: Labels = np.searchsorted(kept, data.labels).astype(np.int64)",
        "labels: Labels = data.labels",
        "after a class is dropped, rows have the next one's name",
        f"{FIXES} class_that_loses",
    ),
    Fault(
        "data/label_fixes.py",
        "writer.writerows(map(quote_formula, row) for row in rows)",
        "writer.writerows(rows)",
        "a name of a file is carried out by a spreadsheet",
        f"{FIXES} formula",
    ),
    Fault(
        "studies/adapt/label_errors.py",
        "data = train.subset(judge.rows)",
        "data = train",
        "predictions in the order of the folds are compared with labels in that of the rows",
        f"{STUDY} flipped_rows",
    ),
    Fault(
        "studies/evaluate/inputs.py",
        "table = table.take(data.places)",
        "table = table.take(range(len(data)))",
        "rows after one that was removed have another row's label",
        f"{STUDY} evaluate_recognises",
    ),
    Fault(
        "studies/adapt/label_errors.py",
        " if data.items[row] not in decided]",
        "]",
        "rows that were confirmed are listed again",
        f"{STUDY} decided",
    ),
)
