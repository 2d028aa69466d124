"""Importance weights: the right way up, the right size, and none where nothing has shifted."""

import math

import pytest
import torch
from scipy.optimize import minimize

from headstart.core import BadData, BadInput
from headstart.solvers.ratios import kernels, kmm, ulsif
from headstart.solvers.ratios.classifier import classifier_ratios
from headstart.solvers.ratios.common import from_logs, from_values, pair
from headstart.solvers.ratios.gaussian import gaussian_ratios
from headstart.solvers.ratios.kliep import PRECISE, _factors, kliep_ratios
from headstart.solvers.ratios.kmm import kmm_ratios
from headstart.solvers.ratios.ulsif import ulsif_ratios

ALL = (classifier_ratios, gaussian_ratios, kliep_ratios, ulsif_ratios, kmm_ratios)
SIZES = [(2000, 2000), (4000, 1000)]


def normal(rows, width=1, seed=0, mean=0.0, spread=1.0):
    generator = torch.Generator().manual_seed(seed)
    return mean + spread * torch.randn(rows, width, generator=generator, dtype=torch.float64)


def share_of(weights):
    """Effective rows over rows."""
    return float(weights.sum() ** 2 / weights.square().sum() / len(weights))


# --- what all promise


@pytest.mark.parametrize("ratios", ALL)
def test_weights_move_the_source_onto_the_target(ratios):
    """N(0, 1) -> N(1, 1): the true ratio is exp(x - 1/2), which grows with x."""
    source, target = normal(1200), normal(600, seed=1, mean=1.0)
    found = ratios(source, target)
    weights, x = found.weights, source[:, 0]
    assert weights.dtype == torch.float64
    assert weights.shape == (1200,)
    assert float(weights.mean()) == pytest.approx(1)
    assert float(weights.min()) >= 0
    assert found.mean == pytest.approx(1, abs=0.25)
    assert float((weights * x).mean()) == pytest.approx(float(target.mean()), abs=0.2)  # inverted: -1
    assert float(torch.corrcoef(torch.stack([weights, (x - 0.5).exp()]))[0, 1]) > 0.7


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("ratios", [classifier_ratios, gaussian_ratios])
def test_weights_are_near_the_true_ratio(ratios, sizes):
    for seed in (0, 2):
        source, target = normal(sizes[0], seed=seed), normal(sizes[1], seed=seed + 1, mean=1.0)
        found = ratios(source, target)
        true = source[:, 0] - 0.5
        assert float((found.weights.log() - true).abs().mean()) < 0.15
        assert float(torch.corrcoef(torch.stack([found.weights.log(), true]))[0, 1]) > 0.99
        assert found.mean == pytest.approx(1, abs=0.1)  # of unequal sizes too


def test_kernels_are_near_the_true_ratio_where_there_are_rows():
    source, target = normal(1000), normal(500, seed=1, mean=1.0)
    for ratios in (kliep_ratios, ulsif_ratios):
        errors = (ratios(source, target).weights.log() - (source[:, 0] - 0.5)).abs()
        assert float(errors.median()) < 0.4


@pytest.mark.parametrize(("ratios", "least"), [*zip(ALL, (0.95, 0.9, 0.8, 0.6, 0.55), strict=True)])
def test_without_shift_all_weights_are_about_one(ratios, least):
    shares = [share_of(ratios(normal(300, 3, s), normal(300, 3, s + 50)).weights) for s in range(3)]
    assert min(shares) > least


@pytest.mark.parametrize("ratios", ALL)
def test_units_and_places_do_not_matter_and_nothing_is_changed(ratios):
    source, target = normal(80, 2), normal(60, 2, 1, 0.5)
    scale, place = torch.tensor([1e3, 1e-3]), torch.tensor([-7.0, 0.5])
    before = source.clone()
    one, other = ratios(source, target), ratios(source * scale + place, target * scale + place)
    torch.testing.assert_close(one.weights, other.weights, rtol=1e-3, atol=1e-3)
    assert torch.equal(source, before)
    plain = ratios(source.float(), target)
    torch.testing.assert_close(plain.weights, one.weights, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("ratios", ALL)
def test_the_largest_weights_are_cut(ratios):
    source, target = normal(200), normal(200, seed=1, mean=1.5)
    whole, cut = ratios(source, target).weights, ratios(source, target, clip=0.9).weights
    assert int((cut == cut.max()).sum()) >= 20  # a tenth of the rows, and the one that they are cut to
    assert float(cut.mean()) == pytest.approx(1)
    assert share_of(cut) > share_of(whole)


def line(x, y, weights):
    """The weighted least squares fit of y on x and 1."""
    design = torch.cat([x, torch.ones_like(x)], 1)
    return torch.linalg.lstsq(design * weights.sqrt()[:, None], y * weights.sqrt()[:, None]).solution


def shimodaira(ratios, seed):
    """Squared error on the target of a line through x^3 - x, without weights and with."""
    x, z = normal(300, 1, seed, 0.5, 0.5), normal(300, 1, seed + 500, 0.0, 0.3)
    y = x**3 - x + 0.3 * normal(300, 1, seed + 900)
    for weights in (torch.ones(300, dtype=torch.float64), ratios(x, z).weights):
        design = torch.cat([z, torch.ones_like(z)], 1)
        yield float((design @ line(x, y, weights) - (z**3 - z)).square().mean())


def of_squares(source, target):
    return classifier_ratios(torch.cat([source, source**2], 1), torch.cat([target, target**2], 1))


def of_two_folds(source, target):
    return kliep_ratios(source, target, folds=2)  # quicker


@pytest.mark.parametrize("ratios", [of_squares, gaussian_ratios, of_two_folds, ulsif_ratios, kmm_ratios])
@pytest.mark.slow
def test_a_wrong_model_learned_with_weights_is_right_on_the_target(ratios):
    errors = [tuple(shimodaira(ratios, seed)) for seed in range(20)]
    assert sum(weighted < 0.25 * plain for plain, weighted in errors) >= 18


# --- one by one


def test_the_classifier_says_how_well_it_tells_the_domains_apart():
    alike = classifier_ratios(normal(300, 2), normal(200, 2, 1)).chosen
    apart = classifier_ratios(normal(300, 2), normal(200, 2, 1, 6.0)).chosen
    assert alike["error"] == pytest.approx(0.5, abs=0.08)
    assert alike["auc"] == pytest.approx(0.5, abs=0.1)
    assert (apart["error"], apart["auc"]) == (0, 1)


def test_no_row_is_judged_by_a_fit_that_has_seen_it():
    """With more columns than rows, a fit separates its own rows at will, and its weights fall to nothing."""
    found = classifier_ratios(normal(40, 60), normal(40, 60, 1), penalty=1e-2)
    assert 0.3 < found.chosen["error"] < 0.7


def test_the_sizes_of_the_domains_are_undone():
    """Twenty rows of the source for one of the target, and no shift: the mean weight is 1 as it comes."""
    found = classifier_ratios(normal(2000), normal(100, seed=1))
    assert found.mean == pytest.approx(1, abs=0.1)
    assert found.chosen["error"] == pytest.approx(0.5, abs=0.1)


def test_gaussian_by_hand():
    """Standardised with the pool: source -3, -1 and target 1, 3 over sqrt(5)."""
    found = gaussian_ratios(torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [6.0]]), ridge=0)
    # means -2 and 2, variance 1 in the units given: log w = 4 x, so that the two weights are 1 : exp(8)
    assert float((found.weights[1] / found.weights[0]).log()) == pytest.approx(8)


def test_gaussian_refuses_a_singular_covariance():
    with pytest.raises(BadInput, match="singular with ridge 0"):
        gaussian_ratios(normal(5, 9), normal(5, 9, 1), ridge=0)
    assert gaussian_ratios(normal(5, 9), normal(5, 9, 1)).weights.isfinite().all()


def test_kliep_is_at_the_maximum_of_its_likelihood():
    one, other = pair(normal(60), normal(40, seed=1, mean=1.0))
    near, far = (kernels.rbf(rows, other[:8], 0.5) for rows in (one, other))
    factors = _factors(near.mean(0), far, PRECISE)
    assert float(factors @ near.mean(0)) == pytest.approx(1)
    best = float((far @ factors).log().mean())

    def cost(logs):
        free = torch.tensor(logs).exp()
        return -float((far @ (free / (free @ near.mean(0)))).log().mean())

    found = min(minimize(cost, [start] * 8).fun for start in (0.0, -1.0))
    assert best == pytest.approx(-found, abs=2e-4)


def test_ulsif_leaves_out_one_row_of_each_domain():
    near, far = kernels.rbf(normal(12), normal(5), 0.8), kernels.rbf(normal(9, seed=1), normal(5), 0.8)
    mine, theirs = torch.tensor([3, 0, 11]), torch.tensor([8, 2, 1])
    errors = []
    for i, j in zip(mine.tolist(), theirs.tolist(), strict=True):
        others = [[r for r in range(len(rows)) if r != out] for rows, out in ((near, i), (far, j))]
        factors = ulsif.factors_of(near[others[0]], far[others[1]], 0.1)
        errors.append(float((near[i] @ factors) ** 2 / 2 - far[j] @ factors))
    found = ulsif.left_out_error(near, far, 0.1, mine, theirs)
    assert found == pytest.approx(math.fsum(errors) / 3, rel=1e-9)


def test_ulsif_factors_by_hand():
    """One kernel that is 1/2 at all source rows and 1 at all target rows: a = 1 / (1/4 + 3/4)."""
    near, far = torch.full((4, 1), 0.5).double(), torch.ones(3, 1).double()
    assert ulsif.factors_of(near, far, 0.75).tolist() == [pytest.approx(1.0)]


def test_kernel_mean_matching_solves_its_quadratic_program():
    one, other = pair(normal(12), normal(30, seed=1, mean=1.0))
    kernel, pull = kernels.rbf(one, one, 1.0), kernels.rbf(one, other, 1.0).sum(1) * 12 / 30

    def cost(weights):
        w = torch.tensor(weights)
        return float(w @ kernel @ w / 2 - pull @ w)

    box = {"type": "ineq", "fun": lambda w: [w.mean() - 0.9, 1.1 - w.mean()]}
    best = minimize(cost, [1.0] * 12, bounds=[(0, 2.5)] * 12, constraints=box, options={"maxiter": 500}).fun
    found, _ = kmm._least(kernel, pull, 2.5, 0.1)
    assert float(found.min()) >= 0
    assert float(found.max()) <= 2.5
    assert abs(float(found.mean()) - 1) <= 0.1 + 1e-9
    assert cost(found.numpy()) == pytest.approx(best, abs=1e-3)


def test_the_nearest_weights_that_are_allowed():
    given = torch.tensor([-1.0, 0.5, 4.0]).double()
    assert kmm.within(given, 2.0, 0.5).tolist() == [0, 0.5, 2]
    torch.testing.assert_close(kmm.within(given, 3.5, 0.0), torch.tensor([0, 0, 3.0]).double())
    torch.testing.assert_close(kmm.within(given, 2.0, 0.0), torch.tensor([0, 1, 2.0]).double())


# --- what they share


def test_ratios_too_large_to_be_written_out_keep_their_proportions():
    found = from_logs(torch.tensor([2000.0, 2000.0 + math.log(3)], dtype=torch.float64), None, {})
    assert found.weights.tolist() == pytest.approx([0.5, 1.5])
    assert math.isfinite(found.mean)
    assert from_logs(torch.tensor([0.0, math.log(5)]).double(), None, {}).mean == pytest.approx(3)


def test_a_quantile_of_the_weights_by_hand():
    found = from_values(torch.tensor([1.0, 2.0, 3.0, 10.0]).double(), 0.75, {})
    assert found.weights.tolist() == pytest.approx([4 / 9, 8 / 9, 12 / 9, 12 / 9])
    assert found.mean == 4


def test_a_constant_column_says_nothing():
    one, other = pair(torch.tensor([[1e8, 0.0], [1e8, 1.0]]), torch.tensor([[1e8, 3.0], [1e8, 4.0]]))
    assert one[:, 0].tolist() == other[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("ratios", ALL)
def test_rows_that_cannot_be_weighted_are_refused(ratios):
    for source, target, words in (
        (normal(5, 2), normal(5, 3), "2 columns and target rows 3"),
        (normal(1), normal(5), "two rows of each domain"),
        (torch.tensor([[1.0], [math.nan]]), normal(5), "NaN"),
        (torch.ones(3, 1, dtype=torch.int64), normal(5), "must be floats"),
    ):
        with pytest.raises(BadData, match=words):
            ratios(source, target)
    with pytest.raises(BadInput, match="clip is 0"):
        ratios(normal(30), normal(30, seed=1), clip=0)


def test_domains_with_nothing_in_common_are_said_to_be_so():
    for ratios in (kliep_ratios, ulsif_ratios):
        with pytest.raises(BadData, match="No source row is anything like"):
            ratios(normal(30), normal(30, seed=1, mean=1e4), width=1e-4)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: classifier_ratios(x, x, penalty=0.0), "Penalties"),
        (lambda x: classifier_ratios(x, x, folds=1), "folds is 1"),
        (lambda x: gaussian_ratios(x, x, ridge=-1.0), "ridge is -1.0"),
        (lambda x: kliep_ratios(x, x, width=0.0), "width is 0.0"),
        (lambda x: kliep_ratios(x, x, folds=0), "folds is 0"),
        (lambda x: ulsif_ratios(x, x, penalties=[]), "Penalties"),
        (lambda x: kmm_ratios(x, x, width=math.inf), "width is inf"),
        (lambda x: kmm_ratios(x, x, bound=1.0), "bound is 1.0"),
        (lambda x: kmm_ratios(x, x, slack=-0.1), "slack is -0.1"),
    ],
)
def test_settings_out_of_range_are_refused(call, words):
    with pytest.raises(BadInput, match=words):
        call(normal(20))


def test_too_many_rows_for_all_their_pairs(monkeypatch):
    monkeypatch.setattr(kmm, "ROWS", 10)
    with pytest.raises(BadInput, match="at most 10"):
        kmm_ratios(normal(11), normal(5))
