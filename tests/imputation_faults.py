"""Faults about hiding parts of samples: what is hidden leaks, or the loss is of something else."""

from tests.faults import Fault

CELLS = "methods/test_masked_imputation.py"
PICTURES = "nn/test_imputation_of_pictures.py"
TEXTS = "nn/test_imputation_of_texts.py"

IMPUTATION_FAULTS = (
    Fault(
        "nn/imputation/cells.py",
        "torch.where(hidden, instead.to(x.dtype), x[:, places])",
        "torch.where(hidden, x[:, places], instead.to(x.dtype))",
        "the hidden cells are what the encoder sees, and the visible ones are drawn",
        f"{CELLS} reach_the_encoder",
    ),
    Fault(
        "nn/imputation/imputer.py",
        "kept = torch.where(hidden, loss, 0.0).sum(1)",
        "kept = loss.sum(1)",
        "the loss is of visible parts too, which are easy",
        f"{CELLS} hidden_cells_alone or parts_then",
    ),
    Fault(
        "nn/imputation/imputer.py",
        "    noise = uniforms(seed, there.shape[1]).masked_fill(~there, 2.0)\n",
        "    noise = uniforms(seed, there.shape[1])\n",
        "cells that are missing are hidden",
        f"{CELLS} missing",
    ),
    Fault(
        "nn/imputation/patches.py",
        "visible = hidden.int().argsort(dim=1, stable=True)[:, :count]",
        "visible = (~hidden).int().argsort(dim=1, stable=True)[:, :count]",
        "the encoder reads the hidden patches",
        f"{PICTURES} nothing or alone",
    ),
    Fault(
        "nn/imputation/token_grid.py",
        "places = (visible + self.prefix)[:, :, None]",
        "places = visible[:, :, None]",
        "the class token counts as the first patch",
        f"{PICTURES} alone",
    ),
    Fault(
        "nn/imputation/pixels.py",
        "seen = torch.where(hidden, self.colour.to(x.dtype), x)",
        "seen = x",
        "nothing is hidden, so that the decoder copies",
        f"{PICTURES} reach_the_encoder",
    ),
    Fault(
        "nn/imputation/tokens.py",
        "masked, random = which < MASKED, (which >= MASKED) & (which < MASKED + RANDOM)",
        "masked, random = which < MASKED, which >= MASKED",
        "no hidden token stays, so that the encoder need not tell of visible ones",
        f"{TEXTS} stays",
    ),
    Fault(
        "nn/imputation/tokens.py",
        "there = (x >= 0) & ~torch.isin(x, self.special)",
        "there = x >= 0",
        "special tokens are hidden",
        f"{TEXTS} nothing_else",
    ),
)

AUTOENCODER_FAULTS = (
    Fault(
        "nn/imputation/whole.py",
        "return (mean.square() + log_variance.exp() - log_variance - 1).sum(1) / 2",
        "return (mean.square() + log_variance.exp() + log_variance - 1).sum(1) / 2",
        "the divergence falls as the codes' variance goes to 0",
        "methods/test_variational_autoencoder.py divergence_by_hand",
    ),
    Fault(
        "methods/mapping/pretraining/denoising_autoencoder.py",
        "return Loss.sum(reconstruction=decoder.loss(decoder(code), x))",
        "return Loss.sum(reconstruction=decoder.loss(decoder(code), seen))",
        "the noise is predicted",
        "methods/test_denoising_autoencoder.py true_ones",
    ),
    Fault(
        "methods/mapping/pretraining/variational_autoencoder.py",
        "code = mean + self.noise * (log_variance / 2).exp() * drawn",
        "code = mean + self.noise * log_variance.exp() * drawn",
        "codes are drawn with the variance in place of the deviation",
        "methods/test_variational_autoencoder.py bound",
    ),
    Fault(
        "nn/imputation/cell_targets.py",
        "ROUNDING = 2**-22",
        "ROUNDING = 0.0",
        "a cell of 0 is shown as what rounding leaves of it",
        "methods/test_masked_imputation.py a_zero_is_shown",
    ),
)
