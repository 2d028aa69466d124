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
    Fault(
        "models/open_clip.py",
        'zip("qkv", torch.chunk',
        'zip("kqv", torch.chunk',
        "queries and keys of open_clip's attention are taken for each other",
        "models/test_open_clip.py open_clip_gives",
    ),
    Fault(
        "studies/zero_shot/parts.py",
        "    return calibration, tested\n",
        "    return calibration, everything\n",
        "the rows that the temperature was fitted on are tested, too",
        "study/test_zero_shot.py temperature_are_not_tested",
    ),
    Fault(
        "studies/zero_shot/run.py",
        "            y = torch.from_numpy(data.labels[calibration])\n"
        "            scale = own.at_best(own.logits(whole.rows[calibration]), y)\n",
        "            y = torch.from_numpy(test.labels)\n"
        "            scale = own.at_best(own.logits(whole.rows[rows]), y)\n",
        "the temperature is fitted on the rows that are tested",
        "study/test_zero_shot.py change_no_temperature",
    ),
    Fault(
        "studies/zero_shot/run.py",
        "return scored.index(max(scored))",
        "return scored.index(min(scored))",
        "the worst template is taken",
        "cli/test_zero_shot_cloze.py best_on_rows_apart",
    ),
)
