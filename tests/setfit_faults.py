"""Faults in tuning on pairs."""

from tests.faults import Fault

SETFIT_FAULTS = (
    Fault(
        "losses/pairs.py",
        "kinds = [pairs * same, pairs * ~same]",
        "kinds = [pairs]",
        "pairs of different classes outnumber those of equal ones",
        "losses/test_pairs.py by_hand or weigh",
    ),
    Fault(
        "methods/mapping/finetuning/setfit.py",
        "return (probe,) if self.steps == 0 else (self, probe)",
        "return (self, probe)",
        "no steps are the recipe's steps",
        "methods/test_setfit.py logistic_probe",
    ),
    Fault(
        "session/session.py",
        "saved = checkpoint if number == (descends or [len(stages) - 1])[-1] else None",
        "saved = checkpoint if last else None",
        "a tuning before a probe begins anew when it is resumed",
        "methods/test_setfit.py interrupted",
    ),
)
