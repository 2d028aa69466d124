"""Faults in the choice of an engine for the frozen forward."""

from tests.faults import Fault

RACE = "models/test_race.py "

ENGINE_FAULTS = (
    Fault(
        "models/race.py",
        "return bool((given - wanted).abs().max() <= TOLERANCE * scale)",
        "return not bool((given - wanted).abs().max() > TOLERANCE * scale)",
        "features that are no numbers agree",
        RACE + "not_a_number",
    ),
    Fault(
        "models/race.py",
        "for each in others if agree(each(x), wanted)}",
        "for each in others}",
        "an engine with other features wins",
        RACE + "disagrees",
    ),
    Fault(
        "models/race.py",
        "known = choices.get(key) or CHOICES.get(key)",
        "known = CHOICES.get(key)",
        "a resumed run chooses anew, and its features differ in the last bits",
        "run/test_engine_choices.py same_engine",
    ),
    Fault(
        "models/onnx_forward.py",
        "first = [int(size) // 2 for size in total]",
        "first = [-(-int(size) // 2) for size in total]",
        "TensorFlow's odd pixel is padded on the wrong side",
        RACE + "any_number",
    ),
    Fault(
        "run/engine_choices.py",
        "and all(isinstance(each, float) and math.isfinite(each) for each in seconds.values())",
        "and True",
        "a damaged file of choices is believed",
        RACE + "cannot_be_read",
    ),
    Fault(
        "run/watch.py",
        ">= took / MOST_SAVING",
        ">= 0",
        "a checkpoint of a large model every 20 steps, whatever it takes",
        "run/test_watch.py saved_less_often",
    ),
)
