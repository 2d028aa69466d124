"""Faults in guides, in what scales an optimiser's updates by them, and in scouts."""

from tests.faults import Fault

GUIDE_FAULTS = (
    Fault(
        "run/guided.py",
        "torch._foreach_lerp_([p.detach() for p in self.parameters], self.old, self.kept)",
        "torch._foreach_lerp_([p.detach() for p in self.parameters], self.old, [1 - k for k in self.kept])",
        "guides are inverted",
        "run/test_guided.py two_weights_by_hand",
    ),
    Fault(
        "run/guided.py",
        "return GuidedUpdates(optimiser, known)",
        "return GuidedGradients(optimiser, known)",
        "gradients are scaled in the place of updates, which Adam does not notice",
        "run/test_guided.py two_weights_by_hand",
    ),
    Fault(
        "solvers/guides.py",
        "sums[name] += (scout[name].detach().double() - one.detach().double()).square()",
        "sums[name] += (scout[name].detach().double() - one.detach().double()).abs()",
        "movements are not squared",
        "solvers/test_guides.py two_weights_by_hand",
    ),
    Fault(
        "solvers/guides.py",
        "return torch.full_like(movement, float(most > 0), dtype=torch.float32)",
        "return torch.full_like(movement, 1.0, dtype=torch.float32)",
        "a layer that never moved is all free",
        "solvers/test_guides.py moved_alike",
    ),
    Fault(
        "session/scouting.py",
        "seed = derive_seed(recipe.seed, NAME, cousin.name)",
        "seed = derive_seed(recipe.seed, NAME, len(cousins))",
        "what a scout sees depends on how many run together",
        "study/test_scouts.py move_as_one_after_the_other",
    ),
    Fault(
        "nn/other_weights.py",
        "inputs, tie_weights=False)",
        "inputs)",
        "a layer in two places keeps the weights that it was called with",
        "nn/test_other_weights.py come_back",
    ),
    Fault(
        "core/guides.py",
        "if weights_digest(module, self.values) != self.base:",
        "if False:",
        "guides of other weights are taken",
        "study/test_scouts.py another_model",
    ),
    Fault(
        "studies/adapt/given_guides.py",
        "guides.require_unseen(data.name, data.digests)",
        "pass",
        "a run is tested on rows that scouts learned from",
        "study/test_scouts_refused.py scouts_learned_from_is_refused",
    ),
    Fault(
        "studies/adapt/run.py",
        '"guides": job.inputs["guides"], "metric": metric}',
        '"guides": None, "metric": metric}',
        "the guides of `adapt` are not handed on to its trainings",
        "cli/test_guides.py nought_keep_the_backbone",
    ),
    Fault(
        "session/scouting.py",
        "classes = list(dict.fromkeys(classes))",
        "classes = list(classes)",
        "a class that is named twice counts as two classes of a cousin",
        "study/test_scouts_refused.py bad_input",
    ),
)
