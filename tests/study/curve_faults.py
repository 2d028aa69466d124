"""Faults of size curves from several starts, for tests/test_faults.py."""

from tests.faults import Fault

CURVES = (
    Fault(
        "studies/curve/pretrained.py",
        '        made.load_state_dict(kept["value"])\n',
        "",
        "what was pre-trained is not what the methods begin with",
        "study/test_curve_starts.py begin_with_what",
    ),
    Fault(
        "studies/curve/pretrained.py",
        "            return self.rest\n",
        "            return np.arange(len(self.session.data))\n",
        "encoders are pre-trained on the test rows",
        "study/test_curve_starts.py on_no_test_row",
    ),
    Fault(
        "studies/curve/pretrained.py",
        "seed=derive_seed(seed, start.label)",
        "seed=derive_seed(start.label)",
        "all pre-trainings of a start draw the same",
        "study/test_curve_starts.py on_no_test_row",
    ),
    Fault(
        "studies/curve/run.py",
        "plan.methods[0].label if start is None else method.label",
        "plan.methods[0].label",
        "a tuned start is compared with a probe",
        "study/test_curve_starts.py paired_with",
    ),
    Fault(
        "studies/curve/run.py",
        "[method.at_full_rate() for method in self.methods]",
        "self.methods",
        "random weights learn at the rate for weights that have learned",
        "study/test_curve_starts.py full_rate",
    ),
    Fault(
        "studies/curve/savings.py",
        "math.exp(math.log(fewer) + share * math.log(labels / fewer))",
        "fewer + share * (labels - fewer)",
        "savings are read off a line over the labels, not their logarithm",
        "study/test_curve_starts.py by_hand",
    ),
    Fault(
        "studies/curve/savings.py",
        "each[0] >= size if better else each[0] <= size",
        "True",
        "a dip of the first start makes a saving negative",
        "study/test_curve_starts.py a_dip",
    ),
)
