"""Faults of zero-shot classification, for tests/test_faults.py."""

from tests.faults import Fault

ZERO_SHOT = (
    Fault(
        "nn/zero_shot.py",
        "normalize(normalize(each, dim=1).mean(0), dim=0)",
        "normalize(each.mean(0), dim=0)",
        "the mean is taken of prompts that are not normalised, so that long embeddings count more",
        "nn/test_zero_shot.py class_embeddings_by_hand",
    ),
    Fault(
        "nn/zero_shot.py",
        "normalize(normalize(each, dim=1).mean(0), dim=0)",
        "normalize(each, dim=1).mean(0)",
        "classes whose prompts differ have shorter embeddings, and so lower logits",
        "nn/test_zero_shot.py class_embeddings_by_hand",
    ),
    Fault(
        "models/image_text.py",
        "        more = self.length - ids.shape[1]\n",
        "        more = 0\n",
        "texts of SigLIP are not filled up as in its training, and the last position is another",
        "models/test_pairs.py transformers_gives",
    ),
)
