"""A pretrained backbone keeps the classifier that it was cut off from, and names its classes."""

import copy

import pytest
import torch
from torch import nn

import headstart as hs
from headstart.models import sources
from headstart.models.readout import FeatureSource, Readout
from headstart.models.source_classes import _apart


@pytest.mark.slow
def test_backbone_and_classifier_together_answer_as_the_whole_network():
    pytest.importorskip("timm")
    base = hs.models.backbone("efficientnet_lite0")
    whole, x = sources.build("builtin", "efficientnet_lite0", True), base.example[:1]
    with torch.no_grad():
        found = nn.functional.linear(base(x), base.classifier.weight, base.classifier.bias)
        assert torch.equal(found, whole(x))
    assert base.classifier.classes[0] == "tench, Tinca tinca"
    assert len(set(base.classifier.classes)) == 1000
    assert copy.deepcopy(base).classifier is base.classifier


def test_a_model_with_names_gives_them_and_one_without_a_linear_head_has_no_classifier():
    layers = nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)
    model = hs.models.classifier(nn.Sequential(*layers), example=torch.randn(2, 8), classes=("a", "b", "c"))
    assert hs.models.backbone(model).classifier.classes == ("a", "b", "c")
    assert torch.equal(hs.models.backbone(model).classifier.weight, layers[2].weight)
    assert hs.models.backbone(nn.Sequential(*layers), example=torch.randn(2, 8), head=None).classifier is None


def test_names_that_occur_twice_get_their_numbers():
    assert _apart(["crane", "tench", "crane"]) == ("crane (0)", "tench", "crane (2)")


def test_features_that_are_read_elsewhere_go_back_to_the_classifier_s():
    base = hs.models.backbone(nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 3)))
    x = torch.randn(4, 8)
    other = hs.models.backbone(base)
    other.readout = Readout((FeatureSource(scale=2.0),))
    assert not torch.equal(other(x), base(x))
    assert torch.equal(other.at_classifier()(x), base(x))
    assert other.readout is not None
