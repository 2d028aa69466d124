"""Faults in the evidence: intervals that count rows of a patient singly, and positions for names."""

from tests.faults import Fault

ROWS = "study/test_dependent_rows.py "
NAMES = "study/test_label_names.py "

EVIDENCE_FAULTS = (
    Fault(
        "studies/align/data_split.py",
        "isinstance(target, tuple) and len(target) == 2 and target[1] is not None",
        "False",
        "labels of the target that can't be used are passed over",
        "study/test_label_names.py can_t_be_used",
    ),
    Fault(
        "nn/centroid_head.py",
        "prior_free: ClassVar[bool] = True",
        "prior_free: ClassVar[bool] = False",
        "centroids are adjusted for frequencies that they don't know",
        "nn/test_adjusted_head.py centroids",
    ),
    Fault(
        "data/streams.py",
        "self.samples.row(row) if isinstance(self.samples, Table) else self.samples.raw(row)",
        "self.samples.raw(row)",
        "a stream of a table can't be read",
        "study/test_prequential.py of_a_table",
    ),
    Fault(
        "data/check.py",
        "_largest(joined) > CHAINED >= _largest(alone)",
        "_largest(joined) > 1",
        "equal answers make one group of all patients",
        "data/test_check.py do_not_chain",
    ),
    Fault(
        "data/new_items.py",
        'hasattr(items, "getbands") or colours or grey',
        'hasattr(items, "getbands")',
        "the lines of one picture are pictures",
        "data/test_new_pictures.py one_picture",
    ),
    Fault(
        "data/class_findings.py",
        "(cut := _tested_of_trained(dataset, dataset.groups))",
        "(cut := [])",
        "a split that cuts groups is passed over",
        "data/test_check.py groups_of_the_user_on_both",
    ),
    Fault(
        "studies/adapt/evaluation.py",
        "test.labels, test.groups, validation.settings.seed, metric",
        "test.labels, None, validation.settings.seed, metric",
        "the headline's interval knows no groups",
        ROWS + "every_figure",
    ),
    Fault(
        "studies/adapt/record_fields.py",
        "data.labels[result.rows], data.groups_of(result.rows), settings.seed",
        "data.labels[result.rows], None, settings.seed",
        "the intervals of the candidates know no groups",
        ROWS + "every_figure",
    ),
    Fault(
        "studies/adapt/choice.py",
        "data.labels[rows], data.groups_of(rows)",
        "data.labels[rows], None",
        "the race drops a method for one patient",
        ROWS + "the_race",
    ),
    Fault(
        "data/check.py",
        "return groups_of_pairs(len(dataset), [*exact, *similar])",
        "return groups_of_pairs(len(dataset), [])",
        "copies of a row are rows of their own",
        ROWS + "copies_of_rows",
    ),
    Fault(
        "studies/align/data_split.py",
        "HiddenTestLabels(labels, rows.groups_of(test), settings.seed)",
        "HiddenTestLabels(labels, None, settings.seed)",
        "the test rows of a target know no groups",
        ROWS + "align_and_rank",
    ),
    Fault(
        "studies/probe/run.py",
        "main_score(true.held_out, labels, tasks.groups.numpy(), seed, metric)",
        "main_score(true.held_out, labels, None, seed, metric)",
        "the intervals of a probe know no groups",
        ROWS + "align_and_rank",
    ),
    Fault(
        "studies/rank/run.py",
        "self.data.labels[self.held_out], self.data.groups_of(self.held_out)",
        "self.data.labels[self.held_out], None",
        "the accuracy of a ranked backbone knows no groups",
        ROWS + "align_and_rank",
    ),
    Fault(
        "studies/search/validation.py",
        "session = self.sessions[config.backbone]",
        "session = self._any",
        "all trials have the first backbone, whatever they say",
        "study/test_search_backbones.py sees_wins",
    ),
    Fault(
        "studies/search/spaces.py",
        "shared = all(row == rows[0] for row in rows)",
        "shared = True",
        "a number of blocks that one backbone does not have is learned from another's",
        "study/test_search_backbones.py depends_on_the_backbone",
    ),
    Fault(
        "studies/search/validation.py",
        "data.labels[rows], data.groups_of(rows), settings.seed",
        "data.labels[rows], None, settings.seed",
        "the gain of a search knows no groups",
        ROWS + "search_counts",
    ),
    Fault(
        "studies/shortcuts/run.py",
        "share(baseline.correct, baseline.data.groups)",
        "share(baseline.correct)",
        "the accuracy beside shortcuts knows no groups",
        ROWS + "shortcuts_count",
    ),
    Fault(
        "data/streams.py",
        "    return Segment(name, x, _labels(data)[rows], None, rows)\n",
        "    return Segment(name, x, np.unique(_labels(data), return_inverse=True)[1][rows], None, rows)\n",
        "labels of a stream are positions",
        NAMES + "two_of_three",
    ),
    Fault(
        "data/streams.py",
        "data.classes, groups)",
        "data.classes)",
        "a row that comes again counts as a new one",
        ROWS + "comes_again",
    ),
    Fault(
        "streaming/inputs.py",
        "[segment.classes[number] for number in y]",
        "[reader.classes[number] for number in y]",
        "classes of a stream are those of the model at the same position",
        NAMES + "two_of_three",
    ),
    Fault(
        "streaming/inputs.py",
        'return class_numbers(arrays["y"].tolist(), reader.classes, str(place))',
        'return arrays["y"].astype(np.int64)',
        "the labels in a file are positions",
        NAMES + "array_y",
    ),
)

METRIC = "study/test_one_metric.py "

METRIC_FAULTS = (
    Fault(
        "metrics/rankings.py",
        "ahead = (there - found) - (tied - new) / 2",
        "ahead = there - found",
        "equal probabilities count as the wrong order in AUC",
        "metrics/test_rankings.py by_hand",
    ),
    Fault(
        "session/scoring.py",
        "return metric if positive is None else MetricOfClass(metric, positive)",
        "return metric",
        "average precision is that of the rarer class, whichever is positive",
        METRIC + "positive_one",
    ),
    Fault(
        "session/scoring.py",
        'RANKED = ("auc", "average_precision")',
        'RANKED = ("average_precision", "auc")',
        "AUC and average precision of two classes change places",
        METRIC + "figure_of_the_positive",
    ),
    Fault(
        "session/scoring.py",
        "    if metric in LOWER_IS_BETTER:\n        pair = pair[::-1]\n",
        "",
        "a higher log loss is a gain",
        METRIC + "by_hand",
    ),
    Fault(
        "session/scoring.py",
        "return -value if metric in LOWER_IS_BETTER else value",
        "return value",
        "the method with the highest log loss is selected",
        METRIC + "by_hand",
    ),
    Fault(
        "session/scoring.py",
        "counts.max() > UNBALANCED * counts.min()",
        "counts.max() > UNBALANCED * counts.max()",
        "a rare class is forgotten by the metric",
        METRIC + "three_times",
    ),
    Fault(
        "studies/adapt/evaluation.py",
        "test.labels, test.groups, validation.settings.seed, metric",
        "test.labels, test.groups, validation.settings.seed, None",
        "the report is headed by another metric than the selection's",
        METRIC + "heads_all",
    ),
    Fault(
        "nn/heads.py",
        "return logits - self.offset",
        "return logits + self.offset",
        "logit adjustment makes rare classes rarer",
        "nn/test_adjusted_head.py taken_off",
    ),
)
