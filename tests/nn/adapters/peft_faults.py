"""Faults of folders of PEFT: other factors, tensors that are lost, the wrong thing said of PEFT."""

from tests.faults import Fault

PEFT = "nn/adapters/test_peft.py"

PEFT_FAULTS = (
    Fault(
        "nn/adapters/peft_config.py",
        '"rank-stabilised" if self.values.get("use_rslora") else "standard"',
        '"standard"',
        "the factor is alpha / rank where PEFT divides by the root",
        f"{PEFT} as_peft_did and patterns",
    ),
    Fault(
        "nn/adapters/peft_own.py",
        "            own[name] = value.clone()\n",
        "            pass\n",
        "the statistics of a normalisation that was saved are lost",
        f"{PEFT} buffers_are",
    ),
    Fault(
        "nn/adapters/peft_skips.py",
        "if path in trains - answers]",
        "if path in answers - trains]",
        "it is not said that PEFT leaves layers out in evaluation",
        f"{PEFT} skips",
    ),
)
