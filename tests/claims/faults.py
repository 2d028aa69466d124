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
    Fault(
        "claims/surgical_layers.py",
        "of_block.get(self.layer, head)",
        "of_block.get(self.layer, backbone)",
        "all but the last layer learn where the last alone is to",
        "claims/test_tuning.py named_layer_alone",
    ),
    Fault(
        "claims/few_labels.py",
        "math.log2(marks[place] / marks[place - 1])",
        "math.log2(marks[place])",
        "steps between two marks are counted from none",
        "claims/test_tuning.py read_off_between",
    ),
    Fault(
        "claims/_tuning.py",
        'lab.generator("labelled", seed))',
        'lab.generator("labelled", seed, count))',
        "more labels are others",
        "claims/test_tuning.py hold_those_that_are_fewer",
    ),
    Fault(
        "claims/_alphabets.py",
        'lab.derive("own characters", order, seed, len(rows))',
        'lab.derive("own characters", order, method, seed, len(rows))',
        "arms that are compared begin with other heads",
        "claims/test_tuning.py begin_with_the_same_head",
    ),
    Fault(
        "claims/_tasks.py",
        "drawn.support.y.roll(1, 0)",
        "drawn.support.y.roll(1, 1)",
        "the null has the answers of its own task, in another order",
        "claims/test_controls.py answers_of_another_task",
    ),
    Fault(
        "claims/texture_bias.py",
        "torch.randint(1, CLASSES,",
        "torch.randint(0, CLASSES,",
        "some cues that are to disagree agree",
        "claims/test_controls.py never_agree",
    ),
    Fault(
        "claims/critical_periods.py",
        '"early": [(blur, steps), *then],',
        '"early": [(blur, steps), then[0]],',
        "what was blurred at first has fewer clean steps",
        "claims/test_controls.py same_steps_on_clean",
    ),
    Fault(
        "claims/_digits.py",
        "layer.bias.zero_()",
        "pass",
        "the biases of the small network are drawn by torch's global generator",
        "claims/test_contract.py gives_the_same_again and zero-shot-prompts",
    ),
)
