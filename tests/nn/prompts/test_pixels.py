"""Prompts in pixels: what they add by hand, nothing at the start, and no trace after the context."""

import contextlib
from copy import deepcopy

import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput, Model, Preprocess
from headstart.core.linear_head import LinearHead
from headstart.nn.front import normalised


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4 * 36, 2)
    )


PROMPTS = [
    hs.prompts.Frame((3, 8, 8), size=2),
    hs.prompts.Full((3, 8, 8)),
    hs.prompts.Patch((3, 8, 8), size=3),
    hs.prompts.Patch((3, 8, 8), size=3, place="random"),
]


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda one: type(one).__name__)
def test_at_the_start_every_bit_of_the_answer_is_the_models_own(prompt):
    model, x = net().eval(), torch.randn(4, 3, 8, 8)
    wanted = model(x)
    with prompt.on(model):
        assert torch.equal(model(x), wanted)


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda one: type(one).__name__)
def test_after_a_training_in_the_context_the_model_is_as_it_was(prompt):
    model, x, prompt = net(), torch.randn(4, 3, 8, 8), deepcopy(prompt)
    model[0].eval()
    model[0].weight.requires_grad_(False)
    before = deepcopy(model)
    with contextlib.suppress(ZeroDivisionError), prompt.on(model) as prompted:
        optimiser = torch.optim.SGD(prompt.parameters(), 0.1)
        prompted(x).square().sum().backward()
        optimiser.step()
        raise ZeroDivisionError
    assert prompt.values.abs().max() > 0
    assert all(torch.equal(value, before.state_dict()[name]) for name, value in model.state_dict().items())
    assert [layer.training for layer in model.modules()] == [layer.training for layer in before.modules()]
    assert [p.requires_grad for p in model.parameters()] == [p.requires_grad for p in before.parameters()]
    assert all(p.grad is None for p in model.parameters())
    assert not any(layer._forward_pre_hooks for layer in model.modules())


def test_a_frame_covers_the_edges_in_reading_order():
    frame = hs.prompts.Frame((1, 3, 4), size=1)
    assert frame.values.shape == (1, 2 * 1 * (3 + 4 - 2))
    with torch.no_grad():
        frame.values.copy_(torch.arange(1.0, 11.0))
    wanted = torch.tensor([[1.0, 2, 3, 4], [5, 0, 0, 6], [7, 8, 9, 10]])
    assert torch.equal(frame.pattern[0], wanted)
    assert torch.equal(frame(torch.full((2, 1, 3, 4), 10.0)), (10 + wanted).expand(2, 1, 3, 4))


def test_the_paper_s_frame_of_30_pixels_has_69840_numbers():
    frame = hs.prompts.Frame((3, 224, 224))
    assert frame.size == 30
    assert frame.values.numel() == 3 * 2 * 30 * (224 + 224 - 60) == 69840  # section 3 of arXiv:2203.17274


def test_a_shrunk_picture_lies_in_the_middle_uncovered():
    frame = hs.prompts.Frame((1, 4, 4), size=1, shrink=True)
    with torch.no_grad():
        frame.values.fill_(7)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    means = [[2.5, 4.5], [10.5, 12.5]]  # of the four quarters
    assert frame(x)[0, 0, 1:3, 1:3].tolist() == means
    assert frame(x).sum() == sum(map(sum, means)) + 12 * 7


def test_a_patch_is_added_at_its_place():
    found = {}
    for place in ("corner", "middle"):
        patch = hs.prompts.Patch((2, 4, 6), size=2, place=place)
        torch.nn.init.constant_(patch.values, 1)
        found[place] = patch(torch.zeros(1, 2, 4, 6))[0, 0].nonzero().tolist()
    assert found["corner"] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert found["middle"] == [[1, 2], [1, 3], [2, 2], [2, 3]]


def test_a_random_patch_moves_in_training_and_rests_in_evaluation():
    patch = hs.prompts.Patch((1, 6, 6), size=2, place="random")
    torch.nn.init.constant_(patch.values, 1)
    x = torch.zeros(1, 1, 6, 6)
    torch.manual_seed(0)
    seen = {str(patch(x).nonzero().tolist()) for _ in range(20)}
    assert len(seen) > 5
    patch.eval()
    assert len({str(patch(x).nonzero().tolist()) for _ in range(5)}) == 1


def test_series_and_rows_have_edges_too():
    frame = hs.prompts.Frame((5,), size=1)
    torch.nn.init.constant_(frame.values, 1)
    assert frame(torch.zeros(1, 5)).tolist() == [[1, 0, 0, 0, 1]]
    frame = hs.prompts.Frame((2, 5), size=2, shrink=True)
    assert frame(torch.ones(1, 2, 5)).tolist() == [[[0, 0, 1, 0, 0]] * 2]


def test_pictures_of_bytes_are_normalised_as_the_backbone_does():
    backbone = hs.models.backbone(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2)),
        example=torch.randn(2, 3, 8, 8),
        preprocess=Preprocess(size=(8, 8)),
    )
    model = Model(backbone, LinearHead(backbone.width, 2, 0.1)).eval()
    x = torch.randint(256, (3, 3, 8, 8), dtype=torch.uint8)
    prompt, wanted = hs.prompts.Full((3, 8, 8)), model(x)
    with prompt.on(model):
        assert torch.equal(model(x), wanted)
        torch.nn.init.constant_(prompt.values, 1)
        moved = model(x)
    assert not torch.equal(moved, wanted)
    assert torch.equal(moved, model(backbone.normalised(x) + 1))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: hs.prompts.Frame((3, 8, 10), size=5), "size is 5, but a frame of inputs with 8 x 10 places"),
        (lambda: hs.prompts.Patch((3, 8, 10), size=9), "size is 9, but a patch of .* can be 0 to 8"),
        (lambda: hs.prompts.Frame((3, 8, 8), size=4, shrink=True), "leaves no middle of 8 x 8"),
        (lambda: hs.prompts.Patch((3, 8, 8), place="left"), "place is 'left'; it must be"),
        (lambda: hs.prompts.Full((1, 2, 3, 4)), r"shape is \(1, 2, 3, 4\)"),
        (lambda: hs.prompts.Full((3, 8, 8))(torch.zeros(1, 3, 9, 9)), r"have \(3, 9, 9\). Make one"),
        (
            lambda: normalised(nn.Identity(), torch.ones(1).long()),
            "int64 can.t be edited .* series",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, said):
    with pytest.raises(BadInput, match=said):
        make()


def test_texts_are_refused():
    reader = nn.Identity()
    reader.tokens = object()
    with pytest.raises(BadInput, match="Identity reads texts: a prompt in pixels can't be added"):
        hs.prompts.Full((8,)).attach(reader)
