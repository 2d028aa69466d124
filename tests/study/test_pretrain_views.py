"""`hs.pretrain` with views of the caller's own."""

import pytest
import torch
from tests.study.test_pretrain import QUICK, Stopping, net, world

import headstart as hs
from headstart.core import BadInput
from headstart.models.encoders import ENCODER


def scaled(x, seed):
    """Another scale for each row."""
    return x * (1 + seed.remainder(3))[:, None]


class Noise(torch.nn.Module):
    """As kornia's: a module for batches, which draws from torch's generator."""

    def forward(self, x):
        return x + torch.randn_like(x)


def trained(out, views, **more):
    return hs.pretrain(net(), world(), out=out, views=views, **{**QUICK, **more})


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("views") / "enc", scaled)


def bytes_of(found):
    return (found.folder / ENCODER).read_bytes()


def test_are_what_the_encoder_learns_from(own, tmp_path):
    assert bytes_of(trained(tmp_path / "again", scaled)) == bytes_of(own)
    others = {bytes_of(trained(tmp_path / str(n), views)) for n, views in enumerate((None, Noise()))}
    assert len(others | {bytes_of(own)}) == 3


def test_are_those_whose_alignment_is_measured(own, tmp_path):
    """Views that only scale a row stay near it; the method's own replace 60 % of its cells."""
    usual = trained(tmp_path / "enc", None, steps=1)
    assert own.result.points[0].alignment < usual.result.points[0].alignment / 2


def test_a_resumed_training_wants_the_same_and_ends_with_the_same_bytes(own, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "enc", scaled, progress=Stopping())
    with pytest.raises(BadInput, match="another study: it differs in the views"):
        trained(tmp_path / "enc", None, resume=True)
    assert bytes_of(trained(tmp_path / "enc", scaled, resume=True)) == bytes_of(own)


def test_that_draw_nothing_are_warned_of(tmp_path):
    found = trained(tmp_path / "enc", lambda x, seed: x, steps=1)
    assert any("identical" in note or "are the same" in note for note in found.result.notes)


@pytest.mark.parametrize("method", ["masked-imputation", "scarf"])
def test_are_refused_where_the_method_compares_none(method, tmp_path):
    with pytest.raises(BadInput, match=f"views, but {method} makes no random views"):
        trained(tmp_path / "enc", scaled, method=method)
    assert not (tmp_path / "enc").exists()


def test_that_make_something_else_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"views of samples \(72, 6\) are \(36, 6\)"):
        trained(tmp_path / "enc", lambda x, seed: x[::2])
    with pytest.raises(BadInput, match=r"views=.crop. makes no views\. Give a function"):
        trained(tmp_path / "enc", "crop")
