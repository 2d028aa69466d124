"""Faults in the rule of a verdict, and in what claims share."""

from tests.faults import Fault

CLAIM_FAULTS = (
    Fault(
        "claims/_claim.py",
        "if mean.low > above:",
        "if mean.value > above:",
        "the mean alone decides",
        "claims/test_verdict.py lies_above_the_margin",
    ),
    Fault(
        "claims/_claim.py",
        'return "fails" if mean.high <= above else "open"',
        'return "fails" if mean.high < above else "open"',
        "no effect at all is open",
        "claims/test_verdict.py no_effect_at_all",
    ),
    Fault(
        "claims/_claim.py",
        'if verdicts == {"holds"}:',
        'if "holds" in verdicts:',
        "one effect is enough",
        "claims/test_verdict.py all_effects_must_hold",
    ),
    Fault(
        "claims/_lab.py",
        'path = self.cache / f"{plain}-{self.tier}-{self.seed}.safetensors"',
        'path = self.cache / f"{plain}-{self.tier}.safetensors"',
        "another seed gets what a first one computed",
        "claims/test_study.py shared_is_computed_once",
    ),
)
