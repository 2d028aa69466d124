"""Faults in families of tasks: what leaks the answer, and what is drawn twice or not at all."""

from tests.faults import Fault

TASK_FAULTS = (
    Fault(
        "tasks/cells.py",
        "distinct(reseeded(seed, 1), self.cells_of[sources], count)",
        "distinct(reseeded(seed, 1), self.cells_of[sources], count).sort(1).values",
        "classes are numbered in their order, so that a number tells the class",
        "tasks/test_leaks.py at_chance and few",
    ),
    Fault(
        "tasks/drawing.py",
        "order = orders(reseeded(seed, 2 + part), ways * counts[part])",
        "order = torch.arange(ways * counts[part]).expand(len(seed), -1)",
        "queries come class by class, so that their places tell the class",
        "tasks/test_leaks.py at_chance and groups",
    ),
    Fault(
        "tasks/drawing.py",
        "enumerate((slice(0, counts[0]), slice(counts[0], None)))",
        "enumerate((slice(0, counts[0]), slice(0, counts[1])))",
        "queries are rows of the support",
        "tasks/test_few_shot.py twice",
    ),
    Fault(
        "core/draws.py",
        "found[:, place] = torch.where(known, last, number)",
        "found[:, place] = number",
        "a number is drawn twice",
        "tasks/test_few_shot.py distinct_numbers",
    ),
    Fault(
        "tasks/splits.py",
        "return [np.sort(mixed[start:end]) for start, end in pairwise(cuts)]",
        "return [np.sort(mixed[: end - start]) for start, end in pairwise(cuts)]",
        "classes to test with are among those to learn from",
        "tasks/test_few_shot.py disjoint",
    ),
    Fault(
        "tasks/splits.py",
        "within = [mine & np.isin(groups, part) for mine, part in zip(within, dealt, strict=True)]",
        "within = [mine & np.isin(groups, dealt[0]) for mine, part in zip(within, dealt, strict=True)]",
        "fonts to test with were seen before",
        "tasks/test_few_shot.py new_groups",
    ),
    Fault(
        "tasks/column_tasks.py",
        "others = self.table.others(self.cells.sources[sources])[:, None]",
        "others = torch.ones(())",
        "the column that is asked for is among the inputs",
        "tasks/test_grouped.py predicted_from_the_others",
    ),
    Fault(
        "tasks/joined.py",
        "y = y + before.repeat_interleave(counts)",
        "y = y + 0",
        "classes of different data sets are one",
        "tasks/test_grouped.py one_data_set",
    ),
    Fault(
        "solvers/bayesian_regression.py",
        "return Normal(mean, prior.covariance - gain @ x @ prior.covariance)",
        "return Normal(mean, prior.covariance)",
        "a support makes nothing surer",
        "solvers/test_bayesian_regression.py by_hand",
    ),
    Fault(
        "tasks/hierarchical.py",
        "return Normal(theta.mean, theta.covariance + own)",
        "return Normal(theta.mean, theta.covariance)",
        "tasks do not differ where theta is not known",
        "tasks/test_linear_families.py worth_its_variance",
    ),
    Fault(
        "tasks/harmonics.py",
        "(place + 1) * frequency * x + phases[:, [place]]",
        "frequency * x + phases[:, [place]]",
        "both sinusoids have one frequency",
        "tasks/test_linear_families.py period or harmonics",
    ),
)
