"""Faults of cloze prompts, for tests/test_faults.py."""

from tests.faults import Fault

CLOZE = (
    Fault(
        "models/masked.py",
        "else last + 1 + self.mask",
        "else last + self.mask",
        "the token before the mask is read",
        "models/test_cloze.py either_side or by_hand",
    ),
    Fault(
        "models/masked.py",
        "there.shape[1] - 1 - there.flip(1).argmax(1)",
        "there.sum(1) - 1",
        "behind padding on the left another token is read for the mask",
        "models/test_cloze.py either_side",
    ),
    Fault(
        "core/tokens.py",
        "    if limit < around:",
        "    if False:",
        "where the pattern alone is too long, texts are not truncated at all",
        "models/test_cloze.py leaves_no_room",
    ),
    Fault(
        "models/patterns.py",
        'spec["post_processor"] = _around(reader, before, after)',
        'spec["post_processor"] = _around(reader, before, after[-1:])',
        "the pattern behind the text is left out",
        "models/test_cloze.py put_into",
    ),
    Fault(
        "models/patterns.py",
        "len(ids) != 1 or ids[0] == _unknown(reader)",
        "len(ids) != 1",
        "a word that the tokenizer does not know is taken for its token of unknown words",
        "models/test_cloze.py bad_patterns",
    ),
    Fault(
        "models/cloze.py",
        "made.head.bias += content_free_bias(",
        "made.head.bias -= content_free_bias(",
        "calibration doubles the bias of a pattern in place of taking it off",
        "models/test_cloze.py calibration_by_hand",
    ),
    Fault(
        "predictor/prompt_search.py",
        "np.flatnonzero(fold != part), np",
        "np.flatnonzero(fold == part), np",
        "a search is judged by the rows that it chose with",
        "predictor/test_prompt_search.py luckiest",
    ),
    Fault(
        "predictor/prompt_search.py",
        "rows = training_rows(dataset)",
        "rows = np.arange(len(dataset))",
        "rows of the test choose the prompt",
        "predictor/test_prompt_search.py of_a_test",
    ),
)
