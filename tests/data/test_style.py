"""Levels, spectra and colours of one domain brought to those of another: by hand, and against numpy."""

import numpy as np
import pytest
import torch

from headstart.core import BadInput, Unknown
from headstart.data.shifts.style import in_style, match_histograms, match_spectra, match_style


def pictures(n=3, c=2, side=6, seed=0, low=0, high=256):
    g = torch.Generator().manual_seed(seed)
    return torch.randint(low, high, (n, c, side, side), generator=g).to(torch.uint8)


def test_histograms_by_hand():
    """Shares 1/4, 3/4, 1 of the levels 1, 2, 3; in the other domain 0 has 1/2 and 100 the rest.

    1 lies in the first half and becomes 0; 3/4 is half way from 1/2 to 1, so 2 becomes 50; 3 becomes 100.
    """
    x = torch.tensor([1.0, 2.0, 2.0, 3.0]).view(1, 1, 2, 2)
    like = torch.tensor([0.0, 0.0, 100.0, 100.0]).view(2, 1, 1, 2)
    assert match_histograms(x, like).flatten().tolist() == [0.0, 50.0, 50.0, 100.0]


def test_a_domain_matched_with_itself_stays():
    x = pictures()
    assert torch.equal(match_histograms(x, x.flip(0)), x)
    assert torch.equal(match_style(x, x.flip(0)), x)


def test_histograms_are_matched_channel_by_channel():
    x, like = pictures(40, seed=1, high=100), pictures(40, seed=2, low=100)
    like[:, 1] //= 2
    made = match_histograms(x, like)
    for channel in range(2):
        mine, other = (np.sort(one[:, channel].numpy().ravel()).astype(int) for one in (made, like))
        assert abs(mine - other).max() <= 4


def test_the_order_of_levels_stays():
    x, like = pictures(seed=1), pictures(seed=2)
    before, after = x[:, 0].flatten().int(), match_histograms(x, like)[:, 0].flatten().int()
    order = before.argsort()
    assert (after[order].diff() >= 0).all()


def test_spectra_against_numpy():
    x, like = pictures(2, side=8, seed=1).double(), pictures(1, side=8, seed=2).double()
    made = match_spectra(x, like, share=0.25)
    for row in range(2):
        for channel in range(2):
            mine = np.fft.fftshift(np.fft.fft2(x[row, channel].numpy()))
            other = np.fft.fftshift(np.fft.fft2(like[0, channel].numpy()))
            amplitude = np.abs(mine)
            amplitude[2:7, 2:7] = np.abs(other)[2:7, 2:7]  # 2 to each side of the middle, which is 4
            wanted = np.fft.ifft2(np.fft.ifftshift(amplitude * np.exp(1j * np.angle(mine)))).real
            np.testing.assert_allclose(made[row, channel].numpy(), wanted, atol=1e-9)


def test_with_no_share_only_the_mean_is_the_others():
    x, like = pictures(2, seed=1).double(), pictures(1, seed=2).double()
    made = match_spectra(x, like, share=0.0)
    wanted = x - x.mean((2, 3), keepdim=True) + like.mean((2, 3), keepdim=True)
    torch.testing.assert_close(made, wanted)


def test_the_draw_is_a_function_of_the_seed():
    x, like = pictures(seed=1).float(), pictures(9, seed=2).float()
    assert torch.equal(match_spectra(x, like, seed=3), match_spectra(x, like, seed=3))
    assert not torch.equal(match_spectra(x, like, seed=3), match_spectra(x, like, seed=4))


def test_style_by_hand():
    """Mean 2 and deviation 1 become mean 10 and deviation 3."""
    x = torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    like = torch.tensor([7.0, 13.0]).view(1, 1, 1, 2)
    assert match_style(x, like).flatten().tolist() == [7.0, 13.0]


def test_a_flat_channel_becomes_the_others_mean():
    made = match_style(torch.full((1, 1, 2, 2), 5.0), torch.tensor([1.0, 3.0]).view(1, 1, 1, 2))
    assert made.unique().tolist() == [2.0]


@pytest.mark.parametrize("method", ["histogram", "fourier", "style"])
def test_what_is_given_stays_and_bytes_stay_bytes(method):
    x, like = pictures(seed=1), pictures(seed=2)
    copies = x.clone(), like.clone()
    made = in_style(x, like, method)
    assert (made.shape, made.dtype) == (x.shape, torch.uint8)
    assert torch.equal(x, copies[0])
    assert torch.equal(like, copies[1])


def test_what_does_not_fit_is_refused():
    x = pictures()
    with pytest.raises(BadInput, match=r"2 channels of torch\.uint8 and 1 channels"):
        match_style(x, pictures(c=1))
    with pytest.raises(BadInput, match="one size"):
        match_spectra(x, pictures(side=5))
    with pytest.raises(BadInput, match=r"\[0, 0.5\]"):
        match_spectra(x, x, share=0.6)
    with pytest.raises(BadInput, match="n, c, h, w"):
        match_histograms(x[:0], x)
    with pytest.raises(Unknown, match="histogram"):
        in_style(x, x, "histograms")
