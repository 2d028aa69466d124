"""ETA; when it starts anew is the stream's to carry out."""

import pytest
from tests.methods.flows import clouds, equal_paths

from headstart.core import BadInput
from headstart.methods.inputs.streams.eata import Eata
from headstart.methods.inputs.streams.rdumb import RDumb
from headstart.methods.inputs.streams.tent import Tent


def test_between_resets_it_is_eata_without_an_anchor_to_the_bit():
    found = {"e0": 0.9, "d_margin": 0.9}
    assert equal_paths(RDumb(**found), Eata(**found, fisher_alpha=0.0), clouds(5))
    assert not equal_paths(RDumb(**found), Tent(), clouds(5))


def test_it_starts_anew_after_1000_batches_as_published():
    assert RDumb().resets == 1000
    assert RDumb(resets=None).resets is None
    with pytest.raises(BadInput, match="rdumb: resets is 0; it must be >= 1, or None for never"):
        RDumb(resets=0)
