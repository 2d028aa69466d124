"""Faults of learned context, for tests/test_faults.py."""

from tests.faults import Fault

CONTEXT = (
    Fault(
        "models/pair_tower.py",
        "times.log1p() / times",
        "times.log1p()",
        "a word that a prompt has twice counts as four",
        "study/test_pretrain_pairs.py context_is_learned",
    ),
    Fault(
        "models/pair_tower.py",
        "torch.zeros_like(embeddings[:1])",
        "embeddings[:1]",
        "a word that no caption had means the same as the first that one had",
        "study/test_pretrain_pairs.py context_is_learned",
    ),
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
        'if getattr(self.encoder, "left", False):',
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
