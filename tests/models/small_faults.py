"""Faults of the small networks to pre-train, for tests/test_faults.py."""

from tests.faults import Fault

SMALL = (
    Fault(
        "models/wrapped.py",
        "return self.inner.learned if isinstance(self.inner, SmallConvNet) else True",
        "return True",
        "random weights are tuned at the rate for weights that have learned",
        "models/test_small_convnet.py learned_nothing",
    ),
    Fault(
        "models/small_convnet.py",
        "often = min(3, min(inputs.shape[1:]).bit_length() - 2)",
        "often = 2",
        "large pictures are halved no more often than small ones",
        "models/test_small_convnet.py halved_more_often",
    ),
    Fault(
        "session/inputs.py",
        "replace(small_convnet.PREPROCESS, size=(side, side))",
        "small_convnet.PREPROCESS",
        "pictures of 8 pixels are enlarged to 32",
        "models/test_small_convnet.py own_size",
    ),
)
