"""Faults of token prompts and prefix tokens: who sees them, where they are taken off, and when they act."""

from tests.faults import Fault

TOKENS, HAND = (f"nn/adapters/test_{name}.py" for name in ("tokens", "prompts_by_hand"))

PROMPT_FAULTS = (
    Fault(
        "nn/adapters/more_tokens.py",
        "longer = pad(mask, (self.front, 0), value=shown)",
        "longer = pad(mask, (0, self.front), value=shown)",
        "the mask of padding is moved by as many tokens as stand in front",
        f"{HAND} padding_shows",
    ),
    Fault(
        "nn/adapters/more_tokens.py",
        "        if self.causal:\n            return mask.new_full(shape, hidden)\n",
        "",
        "prompts of a causal model see the text that is to come",
        f"{HAND} before_causal",
    ),
    Fault(
        "nn/adapters/nesting.py",
        "if adapted and encoder.use_nested_tensor:",
        "if False:",
        "without gradients padding is read where torch nests rows",
        f"{TOKENS} padded_row and prefix and encoder",
    ),
    Fault(
        "nn/adapters/token_prompts.py",
        "prompts, rest = torch.split(found, [self.count, length], self.axis)",
        "rest, prompts = torch.split(found, [length, self.count], self.axis)",
        "the last tokens are taken off in place of the prompts",
        f"{TOKENS} class_token",
    ),
    Fault(
        "nn/adapters/token_prompts.py",
        "            self.carried.put(prompts)\n",
        "            self.carried.put(self._prompts(x))\n",
        "every layer reads what the first one read",
        f"{TOKENS} without_positions",
    ),
    Fault(
        "nn/adapters/prefix.py",
        "mask = F.pad(mask, (keys.shape[-2], 0), value=mask.dtype == torch.bool)",
        "mask = F.pad(mask, (keys.shape[-2], 0), value=False)",
        "the prefix is hidden wherever a mask says what is shown",
        f"{HAND} never_the_prefix",
    ),
    Fault(
        "nn/adapters/prefix.py",
        "gate = self.gate.to(query).tanh()",
        "gate = 1 + self.gate.to(query).tanh()",
        "the gate is open at the start",
        f"{TOKENS} behind_a_gate and gpt",
    ),
    Fault(
        "methods/added_tokens.py",
        "self.kind() if self.count else None",
        "self.kind()",
        "a prefix of no tokens is refused",
        "methods/test_token_prompts.py none_of_them",
    ),
)
