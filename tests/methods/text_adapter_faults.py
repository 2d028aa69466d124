"""Faults of adapters on models of texts: features of the wrong token, a padding id without a vector."""

from tests.faults import Fault

TEXTS = "methods/test_adapters_of_texts.py"

TEXT_ADAPTER_FAULTS = (
    Fault(
        "models/layout.py",
        "there.shape[1] - 1 - there.flip(1).int().argmax(1)",
        "there.int().sum(1) - 1",
        "the last token is as far from the start as there are tokens, also where padding comes first",
        f"{TEXTS} whatever_side",
    ),
    Fault(
        "models/causal.py",
        "return not behind and _differ",
        "return behind and _differ",
        "what reads from left to right is read as if each token knew those behind it",
        f"{TEXTS} lora and GPT2",
    ),
    Fault(
        "models/texts.py",
        "self.pad = pad if pad < _vocabulary(model) else 0",
        "self.pad = pad",
        "a padding id beyond the embedding is looked up",
        f"{TEXTS} no_vector",
    ),
)
