"""The small data and weights, made once."""

from dataclasses import replace

import numpy as np
import pytest
from tests.study import tiny

from headstart.models.backbone import backbone
from headstart.studies.adapt import run as job


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of class folders; not to be written to."""
    return tiny.folders(tmp_path_factory.mktemp("tiny") / "shapes")


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny.weights(tmp_path_factory.mktemp("weights") / "small.safetensors")


@pytest.fixture(scope="session")
def base(weights):
    """The small backbone at the size of the small pictures."""
    made = backbone(tiny.BACKBONE, weights=weights)
    return backbone(made, preprocess=replace(made.preprocess, size=(32, 32)))


@pytest.fixture(scope="session")
def shapes():
    """Pictures as an array (n, 40, 40, 3), with labels."""
    drawn = [(tiny.shape(kind, 50 * y + n), y) for n in range(16) for y, kind in enumerate(tiny.CLASSES)]
    return np.stack([np.asarray(picture) for picture, _ in drawn]), np.array([y for _, y in drawn])


@pytest.fixture
def judged(monkeypatch):
    """The training and test parts of each study, and the logits of its selected model on the latter."""
    seen = []
    real = job.evaluate_on_test

    def spy(trials, selected, scratch, test, *threshold):
        tested, logits = real(trials, selected, scratch, test, *threshold)
        seen.append((trials.session.data, test, logits))
        return tested, logits

    monkeypatch.setattr(job, "evaluate_on_test", spy)
    return seen
