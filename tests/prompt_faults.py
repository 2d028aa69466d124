"""Faults of prompts in pixels and of label mapping: another start, a wrong place, a trace, a wrong class."""

from tests.faults import Fault

PIXELS, MAPS, MAPPING = "nn/prompts/test_pixels.py", "nn/test_label_map.py", "methods/test_label_mapping.py"
METHOD = "methods/test_pixel_prompts.py"

PROMPT_FAULTS = (
    Fault(
        "nn/prompts/prompt.py",
        "                handle.remove()",
        "                pass",
        "the hooks of a prompt stay at the model",
        f"{PIXELS} after_a_training",
    ),
    Fault(
        "nn/prompts/frame.py",
        "edge.cumsum(0) - 1",
        "edge.cumsum(0) * 0",
        "all places of a frame read one number",
        f"{PIXELS} covers_the_edges",
    ),
    Fault(
        "nn/prompts/patch.py",
        "reversed(around)",
        "around",
        "the places of a patch are those of the picture turned over",
        f"{PIXELS} patch_is_added",
    ),
    Fault(
        "methods/inputs/prompting/pixel_prompts.py",
        "lr=self.prompt_lr",
        "lr=1.0",
        "the pixels learn at the rate of the head",
        f"{METHOD} by_hand",
    ),
    Fault(
        "methods/inputs/prompting/pixel_prompts.py",
        "return LabelMapping(), self\n",
        "return (self,)\n",
        "a mapping that is found once is not found",
        f"{METHOD} found_once",
    ),
    Fault(
        "models/operations/front.py",
        "(Translation, Frame, Full, Patch)",
        "(Translation, Full, Patch)",
        "a saved model has lost its prompt",
        f"{METHOD} saved_model",
    ),
    Fault(
        "nn/label_assignment.py",
        "        left[:, source] = -torch.inf\n",
        "",
        "a source class stands for several new ones",
        f"{MAPS} comes_first",
    ),
    Fault(
        "nn/label_map.py",
        "self.counts *= max(0.0, 1 - len(y) / max(self.rows, 1))",
        "pass",
        "a mapping by frequency never forgets",
        f"{MAPS} follows_the_last_rows",
    ),
    Fault(
        "methods/outputs/probing/label_mapping.py",
        "torch.special.entr(shares).sum(1)",
        "bias",
        "the nearest mean distribution leaves out its entropy",
        f"{MAPPING} least_divergence",
    ),
)
