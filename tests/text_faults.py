"""Faults of probes and baselines of texts, for tests/test_faults.py."""

from tests.faults import Fault

WORDS = (
    Fault(
        "models/words.py",
        "counts[:, 1:].log1p()",
        "counts[:, :-1].log1p()",
        "each word has the counts of the one before it, the first those of none",
        "methods/test_tf_idf.py words_and_counts_by_hand",
    ),
    Fault(
        "nn/tf_idf_head.py",
        "torch.where(rows > 0, idf, 0)",
        "idf",
        "words that only rows outside of the fit have count in the length of a text",
        "methods/test_tf_idf.py words_of_other_rows",
    ),
    Fault(
        "methods/mapping/words/tf_idf.py",
        "np.concatenate([-one, one]) / 2",
        "np.concatenate([-one, one])",
        "the logits of two classes are twice as far apart",
        "methods/test_tf_idf.py it_is_scikit_learns",
    ),
    Fault(
        "core/method.py",
        "if self.about.needs_words:",
        "if False:",
        "the numbers of a table are taken for counts of words",
        "methods/test_tf_idf.py a_table_is_refused",
    ),
    Fault(
        "nn/tf_idf_head.py",
        "head.bias.mul_(deviation).add_(mean)",
        "head.bias.add_(mean)",
        "predicted numbers are off where the labels' deviation is not 1",
        "methods/test_tf_idf.py numbers_are_scikit_learns",
    ),
    Fault(
        "methods/mapping/words/tf_idf.py",
        "if loss >= least:",
        "if loss <= least:",
        "the strongest penalty is taken, whatever the folds say",
        "methods/test_tf_idf.py its_penalty_follows",
    ),
    Fault(
        "studies/adapt/evaluation.py",
        "if own.backbone.reader == session.backbone.reader else replace(own, data=test)",
        "if session else replace(own, data=test)",
        "the test part is read as the backbone's tokens by a model of words",
        "study/test_texts.py where_words_win",
    ),
    Fault(
        "studies/adapt/evaluation.py",
        "if isinstance(selected.method, TfIdf):",
        "if False:",
        "a model is compared with itself",
        "study/test_texts.py where_words_win",
    ),
    Fault(
        "session/session.py",
        "if not learns_from_words(method, self.backbone):",
        "if True:",
        "methods that learn from words are given the backbone's features, or refused",
        "methods/test_tf_idf.py trees_learn_from_words",
    ),
)

SCALES = (
    Fault(
        "solvers/temperature.py",
        "log_scale / PRIOR**2",
        "0",
        "logits of few rows are scaled as if the rows said all",
        "solvers/test_temperature.py shrunk_scale",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "tried[_strongest(losses, y, weights)]",
        "tried[0]",
        "the weakest penalty that was tried is taken",
        "methods/test_logistic_probe.py strongest_that_five_folds",
    ),
)

LAYERS = (
    Fault(
        "models/minilm.py",
        "return cls(there.flatten().nonzero()[:, 0], shape)",
        "return cls(None, shape)",
        "padding is computed as if it were tokens",
        "models/test_texts.py layers_of_minilm",
    ),
    Fault(
        "nn/texts_beside.py",
        "self._read(ids) * some",
        "self._read(ids)",
        "a row of a table without a text has the features of one",
        "models/test_texts_of_tables.py features_are_those",
    ),
)

RECORDS = (
    Fault(
        "run/token_records.py",
        "torch.where(there, 0, NOTHING).to(output)",
        "torch.zeros_like(output[..., :1])",
        "padding is taken for tokens by what learns behind a record",
        "run/test_token_records.py training_on_what_was_recorded",
    ),
    Fault(
        "run/token_records.py",
        "output.masked_fill(~there, 0)",
        "output",
        "a record holds what padding gave, which differs from batch to batch",
        "run/test_token_records.py record_by_hand",
    ),
    Fault(
        "run/token_records.py",
        "return record[:, :longest, :-1], torch",
        "return record[:, :, :-1], torch",
        "vectors are as long as the longest of all texts, and their mask is not",
        "run/test_token_records.py record_by_hand",
    ),
    Fault(
        "session/activation_caches.py",
        "return self.size() <= LARGEST",
        "return True",
        "records of long texts fill the disk",
        "run/test_token_records.py too_large",
    ),
)

PROBES = (
    Fault(
        "solvers/standardised.py",
        "torch.where(deviation > noise, deviation, 1.0)",
        "deviation",
        "a constant feature is divided by 0, or by what rounding left",
        "methods/test_logistic_probe.py standardised_it_is_scikit_learns",
    ),
    Fault(
        "solvers/standardised.py",
        "bias.double() - wide @ self.mean",
        "bias.double()",
        "the head of features as they are lacks their means",
        "methods/test_logistic_probe.py standardised_it_is_scikit_learns",
    ),
    Fault(
        "solvers/means.py",
        "counts.sum() / (amounts > 0).sum() / torch.where",
        "counts.sum() / len(amounts) / torch.where",
        "classes without rows take a share of the weight",
        "methods/test_logistic_probe.py balanced_weights_by_hand",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "weights = balanced(y, weights) if how.equal_classes else weights",
        "weights = weights if how.equal_classes else weights",
        "class weights change nothing",
        "methods/test_logistic_probe.py balanced_it_is_scikit_learns",
    ),
    Fault(
        "studies/adapt/run.py",
        'equal = metric == "balanced_accuracy" and not settings.logit_adjustment',
        "equal = False",
        "no balanced probe is tried where balanced accuracy counts",
        "study/test_texts.py classes_of_unequal_size",
    ),
)
