"""Faults in the experiments that the tests must catch; see tests/faults.py."""

from tests.faults import Fault

STUDY = (
    Fault(
        "study/few.py",
        'fold(self.settings.seed, "size", seed)',
        'fold(self.settings.seed, "size", seed, k)',
        "the smaller subset does not lie in the larger one",
        "study/test_curve.py nested",
    ),
    Fault(
        "study/curve.py",
        "if k <= least]",
        "if k]",
        "sizes are shown that a class has no rows for",
        "study/test_curve.py smallest_class",
    ),
    Fault(
        "study/repeats.py",
        "ours[seed] - theirs[seed]",
        "theirs[seed] - ours[seed]",
        "gains have the wrong sign",
        "study/test_curve.py by_hand",
    ),
    Fault(
        "metrics/repeats.py",
        "stdev(values) / math.sqrt(len(values))",
        "stdev(values)",
        "the interval is that of a seed, not of the mean over them",
        "metrics/test_repeats.py by_hand",
    ),
    Fault(
        "study/transplant.py",
        "blocks=slice(-self.new, None)",
        "blocks=slice(None)",
        "frozen blocks learn",
        "study/test_yosinski.py keep_every_byte",
    ),
    Fault(
        "study/transplant.py",
        "load_state_dict(twin.get_submodule(name).state_dict())",
        "load_state_dict(backbone.get_submodule(name).state_dict())",
        "nothing is begun anew",
        "study/test_yosinski.py begun_anew",
    ),
    Fault(
        "study/yosinski.py",
        "self._session(network, b, cache)",
        "self._session(self.made, b, cache)",
        "blocks are copied from a network that learned nothing",
        "study/test_yosinski.py right_network",
    ),
    Fault(
        "study/yosinski.py",
        'self._base(f"base {letter}", task, b,',
        'self._base("base B", b, b,',
        "base A is base B",
        "study/test_yosinski.py right_network",
    ),
    Fault(
        "study/two_tasks.py",
        "not in held]",
        "]",
        "task A learns what task B is judged by",
        "study/test_two_tasks.py judged_by",
    ),
    Fault(
        "study/layers.py",
        "quiet(session.backbone), torch.inference_mode()",
        "torch.inference_mode()",
        "the look at the layers changes the caller's statistics",
        "study/test_unchanged.py statistics",
    ),
)
