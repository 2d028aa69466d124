"""Faults in how pictures of more than 8 bits are read, each with the test that must fail."""

from tests.faults import Fault

DEPTH_FAULTS = (
    Fault(
        "data/depth_warnings.py",
        "if levels is None and mixed else",
        "if levels is None and not mixed else",
        "each new picture of 8 bits is a surprise to a model that learned from such",
        "data/test_window.py no_surprise or another_depth",
    ),
    Fault(
        "data/modalities/pictures.py",
        'fit=fit or "squash", window=data.window, mixed=data.mixed)',
        "fit=fit)",
        "each picture is scaled by its own range",
        "data/test_window.py whole_data_set or saved_model",
    ),
    Fault(
        "data/window.py",
        "if some is not None and row in training]",
        "if some is not None]",
        "the window depends on test rows",
        "data/test_window.py training_part",
    ),
    Fault(
        "data/levels.py",
        "low, high = range_in_use(levels) if window is None else window",
        "low, high = range_in_use(levels)",
        "the window is passed over",
        "data/test_deep_pictures.py by_hand",
    ),
    Fault(
        "data/levels.py",
        "    cut = len(values) // TRIMMED\n",
        "    cut = 0\n",
        "one hot pixel takes all grey levels",
        "data/test_deep_pictures.py dead_and_hot",
    ),
    Fault(
        "data/levels.py",
        "    require_finite(levels)\n    low",
        "    low",
        "NaN becomes a grey level",
        "data/test_deep_pictures.py are_no_numbers",
    ),
    Fault(
        "data/deep.py",
        "np.asarray(picture).astype(np.uint16) << 8 | np.asarray(other)",
        "np.asarray(picture).astype(np.uint16) << 8",
        "of 16-bit colours only the high byte is read",
        "data/test_deep_pictures.py low_bytes",
    ),
    Fault(
        "data/scans.py",
        'if photometric == "MONOCHROME1":',
        'if photometric == "MONOCHROME0":',
        "X-rays are read as negatives",
        "data/test_deep_pictures.py lowest_level_is_white",
    ),
    Fault(
        "data/scans.py",
        "return array if plain else np.asarray(pixels.apply_modality_lut(array, file))",
        "return array",
        "a CT is not in Hounsfield units",
        "data/test_deep_pictures.py hounsfield",
    ),
    Fault(
        "data/scans.py",
        "np.load(io.BytesIO(content), allow_pickle=False)",
        "np.load(io.BytesIO(content), allow_pickle=True)",
        "a picture may run code",
        "data/test_deep_pictures.py never_loaded",
    ),
    Fault(
        "data/modalities/pictures.py",
        "return with_window(data, like.window)",
        "return data",
        "the target is scaled by its own range",
        "data/test_window.py domains_share",
    ),
)
