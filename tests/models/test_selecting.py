"""Words for parameters resolve to names that one can count; what matches nothing is said."""

import pytest
import torch
from tests.models.nets import Small, Tokens, Words, noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model, Unknown
from headstart.core.linear_head import LinearHead

PICTURES = noise(2, 3, 16, 16)
STEM = ("stem.weight", "stem.bias", "bn.weight", "bn.bias")
STAGE2 = tuple(f"stage2.{i}.{part}" for i in (0, 1, 3) for part in ("weight", "bias"))
HEAD = ("fc.weight", "fc.bias")
CASES = {
    "stem": STEM,
    "head": HEAD,
    "last(1)": STAGE2,
    "block(2)": STAGE2,
    "blocks.2": STAGE2,
    "block(0)": STEM,
    "first(1), head": STEM + HEAD,
    "norms": ("bn.weight", "bn.bias", "stage1.1.weight", "stage1.1.bias", "stage2.1.weight", "stage2.1.bias"),
    "stage2, ~norms, ~biases": ("stage2.0.weight", "stage2.3.weight"),
    "stage?.0": tuple(f"stage{i}.0.{part}" for i in (1, 2) for part in ("weight", "bias")),
    "fc.b*": ("fc.bias",),
    "head,fc.bias , fc": HEAD,
    "~stage*, ~head": STEM,
}


@pytest.mark.parametrize("pattern", CASES)
def test_the_names_by_hand(pattern):
    model = Small()
    with untouched(model):
        assert hs.models.select(model, pattern, example=PICTURES) == CASES[pattern]


def test_all_and_biases_count_everything_once():
    model = Small()
    names = [name for name, _ in model.named_parameters()]
    assert hs.models.select(model, "all", example=PICTURES) == tuple(names)
    assert hs.models.select(model, "biases") == tuple(name for name in names if name.endswith("bias"))
    attention = nn.TransformerEncoderLayer(8, 2, 16)
    assert "self_attn.in_proj_bias" in hs.models.select(attention, "biases")


def test_names_of_a_backbone_and_of_a_model_are_those_of_the_whole():
    base = hs.models.backbone(Small(), example=PICTURES)
    wanted = tuple("inner." + name for name in STAGE2)
    for pattern in ("last(1)", "stage2", "inner.stage2", "block(2)"):
        assert hs.models.select(base, pattern) == wanted
    model = Model(base, LinearHead(10, 3))
    assert hs.models.select(model, "head, last(1)") == (
        *("0." + name for name in wanted),
        "1.weight",
        "1.bias",
    )
    named = dict(model.named_parameters())
    assert set(hs.models.select(model, "~stem")) == set(named) - {"0.inner." + name for name in STEM}


def test_last_is_what_fine_tuning_the_last_blocks_changes():
    base = hs.models.backbone(Small(), example=PICTURES)
    (move,) = hs.methods.FineTune(last=2).moves()
    on = next(on for on in move.on if on.part == "backbone")
    chosen = {id(p) for p in on(nn.ModuleDict({"backbone": base}))}
    assert {n for n, p in base.named_parameters() if id(p) in chosen} == set(
        hs.models.select(base, "last(2), ~norms")
    )


def test_a_class_token_is_outside_and_in_no_block():
    model = Tokens()
    assert hs.models.select(model, "outside", example=PICTURES) == ("token", "position")
    inside = hs.models.select(model, "~outside", example=PICTURES)
    assert set(inside) | {"token", "position"} == {name for name, _ in model.named_parameters()}


def test_a_module_that_is_called_so_wins_over_the_number():
    model = nn.Sequential()
    model.add_module("stem", nn.Linear(4, 4))
    model.add_module("blocks", nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)))
    assert hs.models.select(model, "blocks.0", example=noise(2, 4)) == ("blocks.0.weight", "blocks.0.bias")
    assert hs.models.select(model, "block(0)", example=noise(2, 4)) == ("stem.weight", "stem.bias")


def test_a_tied_parameter_is_one_whichever_name_is_matched():
    model = Words()
    assert hs.models.select(model, "out") == ("embed.weight", "out.bias")
    assert hs.models.select(model, "~out.weight") == ("body.weight", "body.bias", "out.bias")


@pytest.mark.parametrize(
    ("pattern", "kind", "text"),
    [
        ("stge2", Unknown, "Did you mean .*stage2"),
        ("stage1, stage2.9", Unknown, "'stage2.9'"),
        ("~lsat(2)", Unknown, r"Did you mean 'last\(1\)'"),
        ("qqqqqqqq", Unknown, "Known: .*norms"),
        ("last(4)", BadInput, "there are 3 blocks, stem, stage1, stage2"),
        ("block(3)", BadInput, "there are 3 blocks"),
        ("blocks.3", BadInput, "there are 3 blocks"),
        ("first(0)", BadInput, "is not there"),
        ("fc, ~head", BadInput, "Nothing is left"),
        (" , ", BadInput, "is empty"),
    ],
)
def test_what_matches_nothing_is_an_error_that_helps(pattern, kind, text):
    model = Small()
    with untouched(model), pytest.raises(kind, match=text):
        hs.models.select(model, pattern, example=PICTURES)


def test_a_backbone_has_no_head():
    with pytest.raises(BadInput, match="no head: what the model gives are features"):
        hs.models.select(hs.models.backbone(Small(), example=PICTURES), "head")


def test_the_map_tells_what_lives_where():
    model = Small()
    for p in model.stage1.parameters():
        p.requires_grad_(False)
    with untouched(model):
        found = hs.models.describe(model, example=PICTURES)
    assert [(part.number, part.name, part.role) for part in found.parts] == [
        (0, "stem", "stem"),
        (0, "bn", "stem"),
        (1, "stage1", "block"),
        (2, "stage2", "block"),
        (None, "fc", "head"),
    ]
    assert [part.parameters for part in found.parts] == [168, 12, 528, 860, 44]  # 3*6*9+6, 2*6, ...
    assert [part.learning for part in found.parts] == [168, 12, 0, 860, 44]
    assert sum(part.parameters for part in found.parts) == sum(p.numel() for p in model.parameters())
    assert (found.width, found.norms) == (10, ("bn", "stage1.1", "stage2.1"))
    lines = str(found).splitlines()
    assert lines[0].split() == ["block", "name", "role", "class", "layers", "parameters", "trainable"]
    assert lines[3].split() == ["1", "stage1", "block", "Sequential", "3", "528", "0"]
    assert lines[-1] == "10 features; 3 normalisation layers"


def test_the_map_tells_of_what_is_outside_tied_or_idle():
    found = hs.models.describe(Tokens(), example=PICTURES)
    assert [p.name for p in found.parts if p.role == "outside"] == ["token", "position"]
    model = Words()
    model.idle = nn.Linear(2, 2)
    text = str(hs.models.describe(model, example=torch.tensor([[1, 2], [3, 0]])))
    assert "shared: embed.weight = out.weight" in text
    assert "unused: idle.weight, idle.bias" in text
