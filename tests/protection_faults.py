"""Faults about streams that protect: a source model that is good must not be given up."""

from tests.faults import Fault

STREAM = "streaming/"
TESTS = "study/test_stream_protection.py "

PROTECTION_FAULTS = (
    Fault(
        STREAM + "protected.py",
        "            if accepts(seen, adapted, view.statistics, memory):\n",
        "            if accepts(seen, adapted, view.statistics, memory) or True:\n",
        "a guard that never acts: adapted answers are handed out whatever they are",
        TESTS + "one_class_at_a_time",
    ),
    Fault(
        STREAM + "protected.py",
        "        if differs(unusual, memory):\n",
        "        if differs(unusual | True, memory):\n",
        "every stream counts as shifted",
        TESTS + "nothing_has_shifted",
    ),
    Fault(
        STREAM + "protected.py",
        "            self.guarded.adapter.restore_start()\n",
        "            pass\n",
        "what was learned from a shift stays when it is over",
        TESTS + "goes_back",
    ),
    Fault(
        STREAM + "protection.py",
        "max(log, 0.0) + math.log1p",
        "log + math.log1p",
        "a long stream without a shift hides the next one",
        TESTS + "end_of_a_shift",
    ),
    Fault(
        STREAM + "protection.py",
        "    intact = abs(then - usual) <= half and fine >= clear\n",
        "    intact = False\n",
        "a source model that works but for a common offset is given up",
        TESTS + "by_hand or one_class_at_a_time",
    ),
    Fault(
        STREAM + "mixture.py",
        "return bool(off <= most) and bool(alike",
        "return bool(alike",
        "a batch of nearly one class counts as a random draw",
        "study/test_stream_mixture.py frequencies",
    ),
    Fault(
        STREAM + "mixture.py",
        "    return bool(off <= most) and bool(alike <= chance + SURE * error)\n",
        "    return bool(off <= most)\n",
        "rows that are sorted by class count as a random draw",
        "study/test_stream_mixture.py order",
    ),
    Fault(
        STREAM + "mixture.py",
        "    if chance > MIXED:\n",
        "    if chance > 1:\n",
        "two classes, into which a batch of one class falls evenly, count as random draws",
        "study/test_stream_mixture.py three_classes",
    ),
    Fault(
        STREAM + "protection.py",
        "    none = statistics.classless\n",
        "    none = 0.0\n",
        "features without classes have a margin, too, and it counts as evidence",
        TESTS + "random_draws",
    ),
    Fault(
        STREAM + "protection.py",
        " or torch.allclose(before.features, after.features, SAME, SAME)",
        "",
        "answers that are changed without the features are trusted",
        TESTS + "random_draws",
    ),
    Fault(
        STREAM + "stream_model.py",
        "        x = x.clone() if x.is_inference() else x",
        "        x = x",
        "a batch made in inference mode can't be learned from",
        TESTS + "switched_gradients_off",
    ),
    Fault(
        STREAM + "source_view.py",
        '            norm.statistics = "running" if rows < SMALL else "batch"\n',
        "            pass\n",
        "a single row is normalised by its own statistics",
        TESTS + "small_batches",
    ),
    Fault(
        "nn/source_statistics.py",
        "torch.stack([_usual(some) if len(some) >= ALONE else usual for some in mine])",
        "torch.stack([usual for _ in mine]) / 4",
        "new rows of the same law are unusual",
        "nn/test_source_statistics.py tenth_of_the_rows",
    ),
    Fault(
        "predictor/save.py",
        "        save_statistics(model, fresh)\n",
        "",
        "a saved model no longer knows its training rows",
        TESTS + "keeps_its_statistics",
    ),
)
