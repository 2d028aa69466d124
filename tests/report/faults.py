"""Faults in what pages claim: signs, thresholds of verdicts, and which of two is meant."""

from tests.faults import Fault

VERDICTS = (
    Fault(
        "report/metric.py",
        "    if gain.low > 0:\n",
        "    if gain.low >= 0:\n",
        "a gain whose interval touches zero is called better",
        "report/test_verdicts.py of_a_baseline",
    ),
    Fault(
        "report/metric.py",
        'return "bad" if gain.high < 0 else "even"',
        'return "bad" if gain.value < 0 else "even"',
        "a loss that may be chance is called worse",
        "report/test_verdicts.py of_an_alignment",
    ),
    Fault(
        "report/metric.py",
        '{"good": "better", "bad": "worse", "even"',
        '{"good": "worse", "bad": "better", "even"',
        "what is worse stands there as better",
        "report/test_verdicts.py of_a_baseline",
    ),
    Fault(
        "report/metric.py",
        'f"+{text}" if float(text.replace(",", "")) > 0 else text)',
        '"+" + text.lstrip("-"))',
        "a loss is shown as a gain of the same size",
        "report/test_verdicts.py of_a_group",
    ),
    Fault(
        "report/text.py",
        "return a.low <= b.high and b.low <= a.high",
        "return b.low <= a.high",
        "intervals far from each other are said to overlap",
        "report/test_sentences.py another_was_selected",
    ),
    Fault(
        "studies/_page.py",
        '{"good": " better", "bad": " worse"}',
        '{"good": " worse", "bad": " better"}',
        "the terminal calls worse what is better on the page",
        "report/test_aligning.py cells_of_the_table",
    ),
)

STUDIES = (
    Fault(
        "studies/curve/page.py",
        "if p.gain and p.gain.low > 0]",
        "if p.gain and p.gain.value > 0]",
        "a method is called clearly better where its lead may be chance",
        "report/test_experiments.py sentences_of_a_curve",
    ),
    Fault(
        "studies/search/page.py",
        "    if record.gain.high < 0:\n",
        "    if record.gain.value < 0:\n",
        "negative transfer is claimed of a difference that may be chance",
        "report/test_verdicts.py of_a_search",
    ),
    Fault(
        "studies/search/page.py",
        "    if record.gain.low <= 0:\n",
        "    if record.gain.low < 0:\n",
        "transfer is said to help though its gain reaches zero",
        "report/test_verdicts.py of_a_search",
    ),
    Fault(
        "studies/yosinski/page.py",
        "before = max(cut.cut for cut",
        "before = min(cut.cut for cut",
        "blocks are said to carry over up to the first cut only",
        "report/test_verdicts.py blocks_carry_over",
    ),
    Fault(
        "studies/stream/page.py",
        '"good": "adapting helped", "bad": "adapting hurt"',
        '"bad": "adapting helped", "good": "adapting hurt"',
        "a stream on which adapting hurt is said to have gained by it",
        "report/test_verdicts.py of_a_stream",
    ),
    Fault(
        "studies/align/page_parts.py",
        "float((score > other) == (figure > value))",
        "float((score > other) != (figure > value))",
        "a score that chooses the worse model is called trustworthy",
        "report/test_aligning.py right_order",
    ),
    Fault(
        "studies/shortcuts/page.py",
        "gain = Interval(-drop.value, -drop.high, -drop.low)",
        "gain = Interval(drop.value, drop.low, drop.high)",
        "a drop of the accuracy is coloured as a gain",
        "report/test_verdicts.py change_of_the_samples",
    ),
    Fault(
        "studies/shortcuts/page.py",
        "apart = group.accuracy.high < record.accuracy.low or group.accuracy.low > record.accuracy.high",
        "apart = group.accuracy.low < record.accuracy.low or group.accuracy.high > record.accuracy.high",
        "a group with few rows is coloured though its interval covers that of all rows",
        "report/test_verdicts.py of_a_group",
    ),
    Fault(
        "studies/shortcuts/page.py",
        "if change.drop.low > 0 and change.name in",
        "if change.drop.value > 0 and change.name in",
        "a cue is said to be needed though the loss without it may be chance",
        "report/test_verdicts.py sure_loss",
    ),
    Fault(
        "studies/shortcuts/page.py",
        "if c.share is not None and c.share.high < 0.5]",
        "if c.share is not None and c.share.low < 0.5]",
        "a model is said to rely on texture where shape and texture decide alike",
        "report/test_verdicts.py beyond_chance",
    ),
    Fault(
        "studies/shift/page.py",
        "if labels.auc.low <= 0.5 else",
        "if labels.auc.high >= 0.5 else",
        "the shares of the classes are said to explain any shift",
        "report/test_verdicts.py shares_of_the_classes",
    ),
    Fault(
        "studies/translate/page.py",
        "if not record.fine:\n        alarms",
        "if False:\n        alarms",
        "translators that collapsed are praised in the headline",
        "report/test_verdicts.py guard_that_found",
    ),
    Fault(
        "studies/probe/page.py",
        "    if room >= MUCH:\n",
        "    if room >= 0:\n",
        "any probe is said to memorise labels",
        "report/test_probing.py capacity",
    ),
)

REPORT = (
    Fault(
        "studies/adapt/page_calibration.py",
        'kind = "over-confident" if gap > 0',
        'kind = "over-confident" if gap < 0',
        "a model that is too sure is called under-confident",
        "report/test_sentences.py calibration_verdict",
    ),
    Fault(
        "studies/adapt/page_calibration.py",
        "if abs(gap) <= 2 * spread:",
        "if abs(gap) <= 0 * spread:",
        "a gap within chance is called over-confidence",
        "report/test_sentences.py small_gap",
    ),
    Fault(
        "studies/adapt/page_outputs.py",
        "if measured < estimated.low:",
        "if measured < estimated.value:",
        "a test figure inside the interval is called too good a promise",
        "report/test_sentences.py promise",
    ),
    Fault(
        "studies/adapt/summary.py",
        "cut, -folds, -figure, candidate.name",
        "cut, -folds, figure, candidate.name",
        "the worst method stands above the better ones",
        "report/test_table.py selected_first",
    ),
    Fault(
        "studies/adapt/page_outputs.py",
        "'less' if less >= 0 else 'more'",
        "'less' if less <= 0 else 'more'",
        "a model that is worse than the mean is called better than it",
        "report/test_verdicts.py beside_that_of_the_mean",
    ),
    Fault(
        "studies/adapt/page_outputs.py",
        'way = "large" if mean > 0 else "small"',
        'way = "small" if mean > 0 else "large"',
        "predictions that are too large are called too small",
        "report/test_verdicts.py to_one_side",
    ),
)

MENDED = (
    Fault(
        "studies/adapt/page_training.py",
        "    return 0 if abs(change) <= 3 * spread else (1 if change > 0 else -1)\n",
        "    return 1 if losses[-1] >= losses[0] else -1\n",
        "the noise of the last batch is called a wrong learning rate",
        "report/test_noise.py no_rise",
    ),
    Fault(
        "studies/adapt/page_calibration.py",
        "        if found and found[-1].rows < least:\n",
        "        if False:\n",
        "bins of three rows zigzag through the diagram",
        "report/test_noise.py neighbouring_bins",
    ),
    Fault(
        "studies/_curves.py",
        "    sizes = sorted(size for size, methods in often.items() if methods > 1)\n",
        "    sizes = sorted(often)\n",
        "a curve is said to be best among itself",
        "report/test_sentences.py label_curve",
    ),
    Fault(
        "studies/adapt/page_next.py",
        "    if gain / doublings >= LITTLE:\n",
        "    if gain >= LITTLE:\n",
        "little by many labels is called much",
        "report/test_next.py brought_something",
    ),
    Fault(
        "studies/adapt/page_next.py",
        "if adapters_of(run.folder) is not None and",
        "if",
        "a model without adapters is to be shipped as adapters",
        "report/test_next.py shipped_alone",
    ),
    Fault(
        "studies/adapt/page_next.py",
        "    if share.high >= right:\n",
        "    if share.value >= right:\n",
        "a class that is hard by chance is to be labelled first",
        "report/test_next.py hardest_class",
    ),
)
