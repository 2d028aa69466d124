#!/usr/bin/env bash
# PEFT 0.21.2 has a class of its own for LoRA of torch's nn.MultiheadAttention, made because the attention reads
# its weights itself. It adds the product of `out_proj` twice, in training, in evaluation and merged: merge()
# writes W + D and then calls out_proj.merge(), which adds D again; unmerge() takes both away, so that a round
# trip is right. And inside an nn.TransformerEncoder it adds nothing at all in evaluation: torch's fused way reads
# `self_attn.in_proj_weight` and `self_attn.out_proj.weight`, which that class passes on without the adapters.
#
# Seen 2026-11-29 with PEFT 0.21.2, torch 2.14.1:
#   training    W + D: 1.2    W + 2D: 2e-07
#   evaluation  W + D: 1.2    W + 2D: 2e-07
#   merged      W + D: 1.2    W + 2D: 2e-07
#   encoder     training moves the output by 2.7, evaluation by 4e-07, merged by 2.7
# The doubling is known, https://github.com/huggingface/peft/pull/3774 (open).
#
# headstart reads such a folder with twice the factor, writes half of it, and says both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q peft==0.21.2 torch==2.14.1 numpy==2.3.5
"$folder/venv/bin/python" - <<'PYTHON'
import copy

import torch
from peft import LoraConfig, get_peft_model
from torch import nn


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


def adapted(module, target):
    made = get_peft_model(copy.deepcopy(module), LoraConfig(r=2, lora_alpha=2, target_modules=[target]))
    for one in made.parameters():
        if one.requires_grad:
            one.data.add_(0.3 * torch.randn(one.shape))
    return made


def product(layer):
    return (layer.lora_B["default"].weight @ layer.lora_A["default"].weight).detach()


torch.manual_seed(0)
base, x = Attention(), torch.randn(3, 5, 16)
made = adapted(base, "attention")
layer = made.base_model.model.attention
rivals = []
for times in (1, 2):
    rivals.append(copy.deepcopy(base))
    rivals[-1].attention.in_proj_weight.data += product(layer)
    rivals[-1].attention.out_proj.weight.data += times * product(layer.base_layer.out_proj)


def tell(name, model):
    once, twice = (float((model(x) - one(x)).abs().max()) for one in rivals)
    print(f"{name:<11} W + D: {once:.1f}    W + 2D: {twice:.0e}")


tell("training", made.train())
tell("evaluation", made.eval())
tell("merged", made.merge_and_unload())

layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True), 2)
made = adapted(layers, "self_attn")
with torch.no_grad():
    moved = {mode: (made.train(mode)(x) - layers.train(mode)(x)).abs().max() for mode in (True, False)}
    merged = (made.merge_and_unload().eval()(x) - layers.eval()(x)).abs().max()
print(f"encoder     training moves the output by {moved[True]:.1f}, evaluation by {moved[False]:.0e}, merged by {merged:.1f}")
PYTHON
