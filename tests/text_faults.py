"""Faults of probes and baselines of texts, for tests/test_faults.py."""

from tests.faults import Fault

PROBES = (
    Fault(
        "solvers/standardised.py",
        "torch.where(deviation > noise, deviation, 1.0)",
        "deviation",
        "a constant feature is divided by 0, or by what rounding left",
        "methods/test_logistic_probe.py standardised_it_is_scikit_learns",
    ),
    Fault(
        "solvers/standardised.py",
        "bias.double() - wide @ self.mean",
        "bias.double()",
        "the head of features as they are lacks their means",
        "methods/test_logistic_probe.py standardised_it_is_scikit_learns",
    ),
    Fault(
        "solvers/means.py",
        "counts.sum() / (amounts > 0).sum() / torch.where",
        "counts.sum() / len(amounts) / torch.where",
        "classes without rows take a share of the weight",
        "methods/test_logistic_probe.py balanced_weights_by_hand",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "weights = balanced(y, weights) if how.equal_classes else weights",
        "weights = weights if how.equal_classes else weights",
        "class weights change nothing",
        "methods/test_logistic_probe.py balanced_it_is_scikit_learns",
    ),
    Fault(
        "studies/adapt/run.py",
        'equal = metric == "balanced_accuracy" and not settings.logit_adjustment',
        "equal = False",
        "no balanced probe is tried where balanced accuracy counts",
        "study/test_texts.py classes_of_unequal_size",
    ),
)
