"""Faults of learned context, for tests/test_faults.py."""

from tests.faults import Fault

CONTEXT = (
    Fault(
        "nn/context.py",
        "self.names[:, last:]",
        "self.names[:, last - 1 :]",
        "a word of the template stays behind the context",
        "methods/test_learned_context.py by_hand or zero_shot",
    ),
    Fault(
        "nn/context.py",
        "return self.tower.scale * cosines",
        "return cosines",
        "the context learns at another temperature than that of what is shipped",
        "methods/test_learned_context.py scale",
    ),
    Fault(
        "models/text_tower.py",
        "if self.encoder.left:",
        "if False:",
        "vectors stand at padding where texts are filled up on the left",
        "methods/test_learned_context.py stand_where",
    ),
    Fault(
        "models/text_tower.py",
        "sum(offsets[place][1] <= end for place in words)",
        "sum(offsets[place][0] <= end for place in words)",
        "the first token of the class's name is a part of the context",
        "methods/test_learned_context.py zero_shot",
    ),
)
