"""The last layer of a classifier is cut off, that of an encoder stays, `head=` says otherwise."""

import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput

X = torch.randn(3, 10, generator=torch.Generator().manual_seed(0))
EXAMPLE = X[:2]


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(10, 8), nn.Linear(8, 4)

    def forward(self, x):
        return self.l2(self.l1(x).relu())


class Net(Enc):
    pass


class ContrastiveNet(nn.Module):
    """Its features are projected, as those of SimCLR or CLIP."""

    def __init__(self):
        super().__init__()
        self.body, self.to_latent = nn.Linear(10, 8), nn.Linear(8, 4)

    def forward(self, x):
        return self.to_latent(self.body(x).relu())


class EncoderClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.classifier = nn.Linear(10, 8), nn.Linear(8, 4)

    def forward(self, x):
        return self.classifier(self.body(x).relu())


class EncoderOfShares(Enc):
    def forward(self, x):
        return super().forward(x).softmax(1)


class EncoderOfClasses(Enc):
    num_classes = 4


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(10, 8), nn.Linear(8, 10)

    def forward(self, x):
        return self.decoder(self.encoder(x).relu())


ENCODERS = [
    Enc,
    ContrastiveNet,
    lambda: nn.Sequential(Enc(), nn.Identity()),
    lambda: nn.Sequential(nn.Linear(10, 10), Enc()),
]


@pytest.mark.parametrize("make", ENCODERS)
def test_the_last_layer_of_an_encoder_stays_and_a_note_says_it(make):
    module = make().eval()
    base = hs.models.backbone(module, example=EXAMPLE)
    assert base.width == 4
    assert torch.allclose(base(X), module(X))
    assert base.features(X, base.blocks[-1:])[base.blocks[-1]].shape == (3, 4)
    (note,) = base.notes
    assert "(8 -> 4), was kept, as names say that it belongs to an encoder" in note


@pytest.mark.parametrize("make", [EncoderClassifier, EncoderOfShares, EncoderOfClasses, AutoEncoder])
def test_a_classifier_or_decoder_is_cut_off_whatever_its_class_is_called(make):
    assert hs.models.backbone(make(), example=EXAMPLE).width == 8


def test_where_names_say_nothing_it_is_cut_off_and_a_note_says_it():
    (note,) = hs.models.backbone(Net(), example=EXAMPLE).notes
    assert note.startswith("The last layer of Net, l2 (8 -> 4), was taken for its classifier and cut off")
    plain = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 4))
    assert "2 (8 -> 4)" in hs.models.backbone(plain).notes[0]


@pytest.mark.parametrize(("head", "width"), [(None, 4), ("l2", 8), ("l1", 10), ("auto", 8)])
def test_head_says_which_layer_is_cut_off(head, width):
    module = Net().eval()
    base = hs.models.backbone(module, head=head)
    right = {4: module(X), 8: module.l1(X).relu(), 10: X}[width]
    assert base.width == width
    assert torch.allclose(base(X), right)
    assert (base.notes == ()) == (head != "auto")


def test_head_cuts_off_several_layers_of_pictures_too():
    body = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    module = nn.Sequential(body, nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4)).eval()  # a head of two layers
    pictures = torch.rand(2, 3, 12, 12)
    base = hs.models.backbone(module, example=pictures, head="1")
    assert base.width == 6
    assert torch.allclose(base(pictures), body(pictures))
    named = hs.models.backbone("torchvision:squeezenet1_1", weights="random", head=None)
    assert named.width == 1000


def test_a_layer_that_is_not_there_or_a_backbone_is_refused():
    with pytest.raises(BadInput, match="head is 'l3', but no such layer of Net runs"):
        hs.models.backbone(Net(), head="l3")
    with pytest.raises(BadInput, match="is cut already"):
        hs.models.backbone(hs.models.backbone(Net()), head=None)


def test_a_file_of_an_encoder_says_what_its_weights_are(tmp_path):
    plain = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 4))
    torch.save(plain.state_dict(), tmp_path / "pretrained_encoder.pt")
    assert hs.models.backbone(plain, weights=tmp_path / "pretrained_encoder.pt").width == 4


@pytest.mark.parametrize("make", [Enc, ContrastiveNet])
def test_an_encoder_is_saved_and_loaded_whole(make, tmp_path):
    encoder, file = make().eval(), tmp_path / "enc.safetensors"
    hs.models.save_encoder(encoder, file, example=EXAMPLE)
    loaded, _ = hs.models.load_encoder(make(), file)
    assert torch.equal(loaded.eval()(X), encoder(X))


def test_what_is_saved_can_be_said(tmp_path):
    module, file = Net().eval(), tmp_path / "net.safetensors"
    whole = hs.models.save_encoder(module, file, head=None)
    assert torch.equal(hs.models.load_encoder(Net(), file)[0].eval()(X), module(X))
    assert whole != hs.models.fingerprint(module) == hs.models.fingerprint(module, head="l2")


@pytest.mark.parametrize("head", ["auto", None, "l1"])
def test_a_saved_model_is_cut_where_it_was(head, tmp_path):
    rows = X.numpy(), ["a", "b", "a"]
    model = hs.fit("ridge-probe", hs.models.backbone(Net(), head=head), rows)
    model.save(tmp_path / "model")
    again = hs.open(tmp_path / "model", backbone=Net())
    assert (again.probabilities(rows[0]) == model.probabilities(rows[0])).all()
