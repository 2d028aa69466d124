"""Traps of fine-tuning, surgery and freezing that others fell into: where each was seen, and its fault.

Each was seen in a public thread or measured on a release of late 2026. The fault is one line of ours
written as theirs; tests/test_faults.py plants it, and a test must fail. tests/test_traps.py checks that
this list and the faults belong together. Adapters, distillation and prompting bring their own traps.
"""

from typing import NamedTuple


class Trap(NamedTuple):
    """One line of the inventory."""

    seen: str  # in public threads, or measured
    fault: str  # the `why` of a fault


TRAPS = (
    # rates and groups
    Trap(
        "timm PR 2532, issue 2691: lr_scale is read by timm's schedulers alone",
        "rates that only our own loop applies",
    ),
    Trap(
        "timm layer_decay, measured: all groups have one rate", "layer-wise rates that no optimiser is told"
    ),
    Trap("timm PR 2532: wrong with frozen parameters", "frozen blocks above slow what learns"),
    Trap(
        "AutoGluon two-stage rates: code and text say the opposite",
        "the small rate is the head's and not the backbone's",
    ),
    Trap("AutoGluon two-stage rates", "the first blocks learn fastest and begin first"),
    Trap(
        "Lightning filter_on_optimizer, opacus PR 489: compared by value",
        "parameters are told apart by their values",
    ),
    Trap(
        "pytorch 20997, 79888, 53712; Lightning 8720: groups added later",
        "what is unfrozen later is in no optimiser",
    ),
    Trap("Lightning 6879: tied weights", "a tied weight takes two steps at once"),
    Trap(
        "fastai PR 3636, open_clip 268: groups for any backbone",
        "depth is the order in which layers were written down",
    ),
    Trap(
        "Lightning 21901: a resumed run freezes again", "a resumed run freezes again what had been unfrozen"
    ),
    Trap("Lightning 6551, 8502", "what is to learn later learns at once"),
    Trap(
        "sentence-transformers PR 2648: resumed with the untrained model",
        "a resumed run goes on with untrained weights",
    ),
    Trap(
        "surgical-finetuning, Auto-RGN: a new Adam every epoch",
        "a new optimiser again and again, so none has a memory",
    ),
    Trap("surgical-finetuning, Auto-RGN", "weight decay moves what only looks frozen"),
    Trap("surgical-finetuning, Auto-RGN", "absolute gradients, which say how large weights are"),
    # freezing
    Trap("pytorch 86590, 66073; virtex 16; gt-pyg 112: train() undoes it", "frozen layers in training mode"),
    Trap("fastai train_bn=True, measured", "batch normalisations learn unless they are told not to"),
    Trap("Lightning PR 15063: track_running_stats=False", "frozen statistics are kept and not used"),
    Trap("peft, models using batch norm", "frozen statistics follow the batches as soon as a scale learns"),
    Trap("surgical-finetuning: norms excluded by the letters bn", "norms are known by their name"),
    Trap("torch.fx and timm's BatchNormAct2d: exact types", "norms of other libraries are none"),
    Trap("chemprop 952: statistics without weights", "statistics of a frozen norm without weights move"),
    Trap("pytorch PR 38084", "blocks that were not chosen count batches"),
    Trap("vpt: train() must keep the backbone in evaluation mode", "dropout goes on in what is frozen"),
    Trap("TabularS3L 13: the encoder was not frozen", "the first blocks learn instead of the last"),
    Trap(
        "what is frozen gets gradients, and the norm that is clipped counts them",
        "what is frozen collects gradients",
    ),
    Trap(
        "GradCache, measured: statistics updated twice a chunk",
        "a batch that was computed anew counts twice in the statistics",
    ),
    # methods
    Trap("TLlib SPRegularization: a reference that is the model", "the distance of the backbone to itself"),
    Trap("TLlib DELTA", "features are compared with themselves"),
    Trap("LP-FT: what was probed is thrown away", "the head of the probe is thrown away"),
    Trap("LP-FT repo: probe into network with its bias", "the bias of the probe is thrown away"),
    # the caller's model
    Trap("peft 940, 2295; TENT: the base model is modified in place", "the caller's backbone is trained"),
    Trap("peft 932, PR 2313", "the caller's model is operated on"),
    Trap("peft 3753, transformers 34469: eval() is not preserved", "looking at a model changes its mode"),
    Trap("hooks of a copy stay bound to the old one, measured", "looking at a model leaves hooks in it"),
    Trap(
        "pytorch PR 80811, parametrize and deepcopy", "a weight that is computed from others is overwritten"
    ),
    # surgery
    Trap(
        "timm 2445, torchgeo 2289: channels repeated and cut off",
        "grey is brighter the more channels there are",
    ),
    Trap(
        "fastai _update_first_layer, measured: bias 7.0 becomes random",
        "the pretrained weights and bias are lost",
    ),
    Trap(
        "segmentation_models 36: weights standardised on the way",
        "a layer that standardises its weights answers otherwise, silently",
    ),
    Trap("rf-detr 75: channels normalised as colours", "five channels are normalised as three colours"),
    Trap("surgery changes flags", "what was frozen learns after surgery"),
    Trap("surgery changes types", "surgery changes the type of numbers"),
    Trap(
        "peft NoMatchingPeftModuleError: what matches nothing must be an error",
        "a name that is misspelled selects nothing, silently",
    ),
    # files
    Trap(
        "timm: strict=False when num_classes differs, measured",
        "allowing the head allows everything: a renamed stage stays random",
    ),
    Trap("pytorch 40859, transformers 14073", "nothing is loaded, and nobody says so"),
    Trap("saved encoders that come back random", "an encoder's file gives the architecture alone"),
    Trap(
        "peft 310, 577; sentence-transformers 3980: the head is lost",
        "the trained head is lost when the model is opened",
    ),
    Trap("setfit 630, fastai 1540: pickled heads", "a file of weights carries out code"),
)
