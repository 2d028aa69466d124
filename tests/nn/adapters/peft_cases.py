"""Folders as PEFT 0.21.2 writes them, and how they are made.

`tests/nn/adapters/peft` holds one for each case of `CASES`, the model's own tensors and what PEFT answers:

    pip install --no-deps --target DIR peft==0.21.2 accelerate
    PYTHONPATH=DIR:. python -m tests.nn.adapters.peft_cases
"""

import warnings
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

FOLDERS = Path(__file__).with_name("peft")
IDS = torch.tensor([[1, 2, 3, 4, 0], [5, 6, 7, 0, 3], [9, 9, 1, 2, 8]])
CASES = {
    "lora": {
        "target_modules": ["emb", "conv", "q"],
        "modules_to_save": ["norm", "head"],
        "bias": "lora_only",
    },
    "patterns": {
        "target_modules": r"blocks\.\d\.fc|q",
        "rank_pattern": {"blocks.1.fc": 1, "q": 3},
        "alpha_pattern": {"fc": 7},
        "use_rslora": True,
        "bias": "all",
    },
    "dora": {"target_modules": ["emb", "conv", "q", "wide"], "use_dora": True, "lora_dropout": 0.1},
    "indexed": {"target_modules": ["fc"], "layers_to_transform": [1, 2], "layers_pattern": "blocks"},
    "linear": {
        "target_modules": "all-linear",
        "exclude_modules": ["head", "out_proj"],
        "fan_in_fan_out": True,
    },
    "attention": {"target_modules": ["attn"], "modules_to_save": ["head"]},
    "ia3": {"target_modules": ["q", "wide", "back"], "feedforward_modules": ["back"]},
}


class Conv1D(nn.Module):
    """The linear layer of GPT-2, with a weight of (inputs, outputs), as transformers has it."""

    def __init__(self, nf, nx):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(nx, nf)), nn.Parameter(torch.zeros(nf))
        nn.init.normal_(self.weight, std=0.3)

    def forward(self, x):
        return x @ self.weight + self.bias


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return x + self.fc(x).tanh()


class Net(nn.Module):
    """One of each kind of layer that PEFT adapts; ids (n, length) in, logits (n, 3) out."""

    def __init__(self, conv1d=Conv1D):
        super().__init__()
        self.emb, self.conv, self.q = nn.Embedding(11, 8), nn.Conv2d(1, 2, 3, padding=1), nn.Linear(8, 8)
        self.attn = nn.MultiheadAttention(8, 2, batch_first=True)
        self.wide, self.back = conv1d(12, 8), nn.Linear(12, 8)
        self.blocks = nn.ModuleList([Block() for _ in range(3)])
        self.norm, self.head = nn.BatchNorm1d(8), nn.Linear(8, 3)

    def forward(self, ids):
        x = self.emb(ids)
        x = x + self.conv(x[:, None]).mean(1)
        x = x + self.attn(x, x, self.q(x), need_weights=False)[0]
        x = x + self.back(self.wide(x).relu())
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x.mean(1)))


def model(conv1d=Conv1D):
    """The model that the folders were made for."""
    net = Net(conv1d).eval()
    net.load_state_dict(load_file(FOLDERS / "model.safetensors"))
    return net


def by_peft(case):
    """A model with adapters of a case, by PEFT, of other values than at its start."""
    import peft
    from transformers.pytorch_utils import Conv1D as Theirs

    kind = peft.IA3Config if case == "ia3" else peft.LoraConfig
    rank = {} if case == "ia3" else {"r": 2, "lora_alpha": 3}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that fan_in_fan_out is set as the layer has it
        made = peft.get_peft_model(model(Theirs), kind(**(rank | CASES[case]))).eval()
    generator = torch.Generator().manual_seed(len(case))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=generator))
    return made


def write():
    """Write the model, a folder for each case, and the answers."""
    torch.manual_seed(0)
    save_file(Net().state_dict(), FOLDERS / "model.safetensors")
    answers = {}
    for case in CASES:
        made = by_peft(case)
        made.save_pretrained(FOLDERS / case)
        (FOLDERS / case / "README.md").unlink()
        answers[case] = made(IDS).detach()
    save_file(answers, FOLDERS / "answers.safetensors")


if __name__ == "__main__":
    write()
