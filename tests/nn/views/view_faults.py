"""Faults of random views, for tests/test_faults.py."""

from tests.faults import Fault

VIEWS = (
    Fault(
        "nn/views/geometry.py",
        "centre, reach = start + step * steps, step.clamp_min(1)",
        "centre, reach = start + step * steps, torch.ones_like(step)",
        "pictures that shrink are not antialiased",
        "nn/views/test_torchvision.py crops_flips_blurs",
    ),
    Fault(
        "nn/views/geometry.py",
        "inside = (place >= start[:, :, None]) & (place < (start + length)[:, :, None])",
        "inside = (place >= 0) & (place < before)",
        "a crop reads the pixels beside it",
        "nn/views/test_torchvision.py crops_flips_blurs",
    ),
    Fault(
        "nn/views/colour.py",
        "offset = ((1 - contrast) * middle)[:, None].expand(n, 3)",
        "offset = ((1 - contrast) * mean)",
        "contrast refers to the mean of each channel",
        "nn/views/test_torchvision.py crops_flips_blurs",
    ),
    Fault(
        "nn/views/colour.py",
        "torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]",
        "torch.tensor([[0.0, 1, -1], [-1, 0, 1], [1, -1, 0]]",
        "hues turn the other way round",
        "nn/views/test_torchvision.py hue",
    ),
    Fault(
        "nn/views/pictures.py",
        "return self._clamped(x) if raw or self.in_range else x",
        "return x",
        "colours leave the range of pictures",
        "nn/views/test_torchvision.py clamped_once",
    ),
    Fault(
        "nn/views/pictures.py",
        "self._part(x[part], draws.rows(part)) for part in parts",
        "self._part(x[part], draws.rows(slice(0, len(x[part])))) for part in parts",
        "each part of a batch has the draws of the first",
        "nn/views/test_pictures.py parts_of_a_batch",
    ),
    Fault(
        "nn/views/draws.py",
        "more = u[:, CROP:]",
        "more = u",
        "jitter and flips are drawn from the numbers of the crop",
        "nn/views/test_pictures.py draws_are_even",
    ),
    Fault(
        "nn/views/erasing.py",
        "start = (place * (size - count + 1)).floor()[:, None]",
        "start = (place * size).floor()[:, None]",
        "erased squares leave the picture",
        "nn/views/test_pictures.py erased_wholly_inside",
    ),
    Fault(
        "nn/views/callers.py",
        "with _drawn_by(number, x.device):",
        "with _drawn_by(0, x.device):",
        "torchvision draws the same for all rows",
        "nn/views/test_callers.py transform_of_torchvision",
    ),
    Fault(
        "nn/views/callers.py",
        "with torch.random.fork_rng(devices):",
        "with torch.random.fork_rng(devices, enabled=False):",
        "the caller's generator is seeded by views",
        "nn/views/test_callers.py transform_of_torchvision",
    ),
    Fault(
        "session/session.py",
        "[*cautions, *view_cautions(fitted.run)]",
        "cautions",
        "identical views are not told",
        "predictor/test_fit_views.py identical",
    ),
    Fault(
        "data/augment.py",
        "return self._changed(changed, torch.from_numpy(seeds)) if self._more().changes else changed",
        "return changed",
        "fine-tuning leaves out the colour jitter",
        "data/test_augment.py after_the_crop",
    ),
    Fault(
        "session/input_pipeline.py",
        "return bool((some == some[:, :1]).all())",
        "return False",
        "digits are flipped",
        "predictor/test_fit_views.py grey_pictures",
    ),
)
