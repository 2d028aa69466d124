"""Auxiliary heads in a file or in a model do not keep weights from being loaded; all else is strict."""

import pytest
import torch
import torchvision
from torch import nn

import headstart as hs
from headstart.core import Mismatch
from headstart.models.auxiliary import auxiliary_head
from headstart.predictor.surgery import opened_with


@pytest.mark.parametrize(
    ("key", "head"),
    [
        ("aux1.conv.weight", "aux1"),
        ("AuxLogits.fc.bias", "AuxLogits"),
        ("model.aux_classifier.0.weight", "model.aux_classifier"),
        ("auxiliary_head_2.weight", "auxiliary_head_2"),
        ("aux_embedding.weight", None),
        ("auxin.weight", None),
        ("aux", None),
    ],
)
def test_names_of_auxiliary_heads(key, head):
    assert auxiliary_head(key) == head


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """GoogLeNet as torchvision publishes it, and the same network without auxiliary heads."""
    file = tmp_path_factory.mktemp("google") / "googlenet.pth"
    net = torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)
    torch.save(net.state_dict(), file)
    return file, net.eval()


def test_the_published_layout_of_googlenet_loads(published):
    file, net = published
    base = hs.models.backbone("torchvision:googlenet", weights=file)
    assert torch.equal(base.inner.inception5b.branch1.conv.weight, net.inception5b.branch1.conv.weight)
    assert [note for note in base.notes if note.startswith("aux")] == [
        f"aux{n} (10 tensors) left out, as it is an auxiliary head, which the model is built without"
        for n in (1, 2)
    ]


def test_it_loads_in_surgery_whether_keys_are_mapped_or_not(published):
    for allow in ((), ("aux*",)):
        base, _ = opened_with("torchvision:googlenet", str(published[0]), allow=allow)
        assert torch.equal(base.inner.conv1.conv.weight, published[1].conv1.conv.weight)


@pytest.mark.slow
def test_inception_loads_with_and_without():
    for aux in (True, False):
        state = torchvision.models.inception_v3(weights=None, aux_logits=aux, init_weights=False).state_dict()
        base = hs.models.backbone("torchvision:inception_v3", weights=state)
        last = "Mixed_7c.branch_pool.conv.weight"
        assert torch.equal(base.inner.get_parameter(last), state[last])
        said = [note for note in base.notes if note.startswith("AuxLogits is not in the file")]
        assert len(said) == (not aux)


class Net(nn.Module):
    """A network of one's own with an auxiliary head, which its output needs or not."""

    def __init__(self, aux=True, needed=False):
        super().__init__()
        self.body, self.needed = nn.Linear(4, 6), needed
        self.aux_head = nn.Linear(6, 6) if aux else None
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        x = self.body(x).relu()
        return self.fc(self.aux_head(x) if self.needed else x)


def test_modules_of_ones_own_too():
    with_it, without = Net().state_dict(), Net(aux=False).state_dict()
    base = hs.models.backbone(Net(aux=False), weights=with_it)
    assert torch.equal(base.inner.body.weight, with_it["body.weight"])
    base = hs.models.backbone(Net(), weights=without)
    assert torch.equal(base.inner.body.weight, without["body.weight"])


def test_what_the_output_needs_must_be_there():
    with pytest.raises(Mismatch, match=r"aux_head\.weight"):
        hs.models.backbone(Net(needed=True), weights=Net(aux=False).state_dict())


def test_an_auxiliary_head_of_another_shape_is_refused():
    state = Net().state_dict()
    state["aux_head.weight"] = torch.zeros(3, 6)
    with pytest.raises(Mismatch, match=r"aux_head\.weight is"):
        hs.models.backbone(Net(), weights=state)
