"""Faults in unpaired translation and its cheap relatives."""

from tests.faults import Fault

TRANSLATION_FAULTS = (
    Fault(
        "studies/translate/quality.py",
        '_flips_guard("target labels", of_target, "target rows")',
        '_flips_guard("target labels", round_trip, "target rows")',
        "the guard of the target's labels looks at source rows",
        "study/test_translate.py guards_by_hand",
    ),
    Fault(
        "losses/translation.py",
        "softplus(-scores.float() if real else scores.float())",
        "softplus(scores.float() if real else -scores.float())",
        "the log loss has the sign of the other answer",
        "losses/test_translation.py log_loss",
    ),
    Fault(
        "methods/inputs/translation/unpaired.py",
        "ADVERSARIAL[self.adversary],",
        'ADVERSARIAL["least-squares"],',
        "critics learn by least squares whatever was asked for",
        "methods/test_cyclegan.py logits",
    ),
    Fault(
        "losses/translation.py",
        "loss(made, False, None)",
        "loss(made, True, None)",
        "critics learn that made samples are real",
        "losses/test_translation.py half_of_each",
    ),
    Fault(
        "methods/inputs/translation/unpaired.py",
        '"fool_target": fooled(critics["target"](as_target), True, weight)',
        '"fool_target": fooled(critics["source"](as_target), True, weight)',
        "made targets are judged by the source's critic",
        "methods/test_cyclegan.py its_own_domain",
    ),
    Fault(
        "methods/inputs/translation/unpaired.py",
        "cycle_loss(source, back(as_target), weight)",
        "cycle_loss(source, as_target, weight)",
        "the cycle loss forbids any translation",
        "methods/test_cyclegan.py translators_loss",
    ),
    Fault(
        "methods/inputs/translation/unpaired.py",
        'self.translation(parts, "to_source")',
        'self.translation(parts, "to_target")',
        "target rows are translated the wrong way",
        "methods/test_cyclegan.py behind_the_translator",
    ),
    Fault(
        "methods/inputs/translation/cycada.py",
        "self._answers(parts, self.given(parts, batch.target))",
        'self._answers(parts, parts["units"].out(as_source))',
        "labels are of what was said after the translation",
        "methods/test_cycada.py before_the_translation",
    ),
    Fault(
        "nn/image_pool.py",
        "                given[row] = self.kept[place]\n",
        "",
        "the pool is never drawn from",
        "methods/test_image_pool.py half_of_them",
    ),
    Fault(
        "nn/image_pool.py",
        "derive_seed(int(self.seed), int(self.asked))",
        "int(self.seed)",
        "the pool draws the same places each time",
        "methods/test_image_pool.py other_places",
    ),
    Fault(
        "nn/translators.py",
        "    return x + found",
        "    return found",
        "the start at the identity is black",
        "methods/test_cyclegan.py starts_as_the_identity",
    ),
    Fault(
        "data/shifts/style.py",
        "torch.polar(amplitude, mine.angle())",
        "torch.polar(amplitude, other.angle())",
        "the phases are the other picture's, and so is what is shown",
        "data/test_style.py spectra_against",
    ),
    Fault(
        "data/shifts/style.py",
        "    reached = counts.cumsum(0) / counts.sum()",
        "    reached = counts.cumsum(0) / other.numel() / 2",
        "shares of pixels depend on the number of the other's",
        "data/test_style.py histograms_by_hand",
    ),
    Fault(
        "studies/translate/translator.py",
        "converted.units.centre.copy_((0.5 - mean) / std)",
        "converted.units.centre.copy_(converted.units.centre)",
        "a model that normalises otherwise is given pictures in the wrong units",
        "study/test_translate.py normalises_otherwise",
    ),
)
