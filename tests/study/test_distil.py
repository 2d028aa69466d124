"""`distil`: what students learn from and are tested on, figures by hand, what is saved and refused."""

import numpy as np
import pytest
import torch
from tests.study import evaluated
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.data.samples import digest
from headstart.studies._page import render_page
from headstart.studies.distil import DistilSettings
from headstart.studies.distil import run as distil_run
from headstart.studies.distil import trials as distil_trials
from headstart.studies.distil.found_data import _with_common_split
from headstart.studies.distil.measures import bytes_of, forward_of, parameters_of, time_in_turn
from headstart.studies.distil.page import terminal, view
from headstart.studies.distil.students import students_of
from headstart.studies.distil.teaching import agreement, averaged

QUICK = {"epochs": 1, "seeds": 2, "repeats": 1}


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(6, 12), nn.Linear(12, 6)

    def forward(self, x):
        return x + self.down(self.up(x).relu())


class Deep(nn.Module):
    """Four repeated blocks."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.layers = nn.Sequential(*(Layer() for _ in range(4)))
        self.last = nn.Linear(6, 3)

    def forward(self, x):
        return self.last(self.layers(self.first(x)))


def deep():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Deep()


@pytest.fixture(scope="module")
def data():
    return hs.data.load(evaluated.world(120, 0), name="grains")


@pytest.fixture(scope="module")
def teacher():
    return hs.fit("fine-tune:backbone_lr=1", deep(), evaluated.world(200, 1), hs.Recipe(steps=60, lr=5e-3))


@pytest.fixture(scope="module")
def seen():
    """Which rows each training was given."""
    return []


@pytest.fixture(scope="module")
def found(data, teacher, seen, tmp_path_factory):
    real = distil_trials.Session.fit

    def spy(session, method, rows, *more, **options):
        seen.append((method.about.name, rows))
        return real(session, method, rows, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distil_trials.Session, "fit", spy)
        out = tmp_path_factory.mktemp("distil") / "run"
        return hs.distil(teacher, data, students=["half", "blocks=1"], out=out, **QUICK)


def test_no_training_sees_rows_that_are_tested_or_chosen_by(found, seen):
    record = found.result
    assert record.train_rows + record.selection_rows + record.test_rows == 120
    assert (record.test_rows, record.selection_rows) == (24, 14)
    learned = {tuple(rows.tolist()) for _, rows in seen}
    assert len(learned) == 1  # the same for all
    assert len(seen) == 2 * 4 * 2  # students, roles, seeds
    assert {name for name, _ in seen} == {"fine-tune", "from-scratch", "distillation"}
    assert len(next(iter(learned))) == record.train_rows


def test_rows_of_the_table(found, teacher):
    record = found.result
    roles = [(row.student, row.role) for row in record.rows]
    each = ["alone", "smoothing", "from-scratch", "distilled"]
    assert roles == [("", "teacher"), *((name, role) for name in ("half", "blocks=1") for role in each)]
    assert all(row.seeds == [0, 1] and len(row.score) == 2 for row in record.rows[1:])
    assert record.row("half", "alone").gain is None
    distilled, alone = record.row("half", "distilled"), record.row("half", "alone")
    mean = [np.mean(row.score) for row in (distilled, alone)]
    assert distilled.figure.value == pytest.approx(mean[0])
    assert distilled.gain.value == pytest.approx(mean[0] - mean[1])
    assert record.teacher.agreement is None
    assert record.teacher.cost.parameters == sum(p.numel() for p in teacher.model.parameters())
    assert record.teacher.cost.bytes == 4 * record.teacher.cost.parameters
    sizes = [record.row(name, "alone").cost.parameters for name in ("half", "blocks=1")]
    assert sizes == [30 + 21 + 2 * 162, 30 + 21 + 162]  # of the first layer, the head and the blocks


def test_what_is_shipped_is_opened_and_is_the_student_that_was_chosen(found, data):
    record = found.result
    chosen = {one.name: one.chosen_by.value for one in record.students}
    best = max(chosen.values())
    assert record.shipped == min((n for n in chosen if chosen[n] == best), key=["blocks=1", "half"].index)
    opened = hs.open(found.folder, backbone=deep())
    right = [one.label for one in opened.predict(data.array)] == np.array(data.classes)[data.labels]
    assert len(opened.model.backbone.inner.layers) == (2 if record.shipped == "half" else 1)
    assert right.mean() > 1 / 3
    assert opened.training.method == "distillation"
    assert not (found.folder / "steps").exists()


def test_page_and_terminal_show_the_same_rows(found):
    record = found.result
    shown, printed = view(record), terminal(record)
    assert [name for name, _, _ in shown["rows"]] == [row[0] for row in printed.rows]
    page = render_page(record, shown)
    for word in ("teacher", "half, distilled", "Against the time of one row", "on labels alone"):
        assert word in page
    assert page.count("<svg") > 2
    assert "is shipped: it is best on 14 rows" in printed.text()


def test_a_resumed_study_is_the_same(data, teacher, tmp_path, monkeypatch):
    few = {**QUICK, "seeds": 1, "students": "half"}
    whole = hs.distil(teacher, data, out=tmp_path / "whole", **few).result
    real, begun = distil_trials._fit, []

    def stop(*given):
        begun.append(given)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(distil_trials, "_fit", stop)
    with pytest.raises(KeyboardInterrupt):
        hs.distil(teacher, data, out=tmp_path / "part", **few)
    again = hs.distil(teacher, data, out=tmp_path / "part", resume=True, **few).result
    figures = [[(row.role, row.score, row.gain, row.agreement) for row in one.rows] for one in (whole, again)]
    assert figures[0] == figures[1]
    assert len(begun) == 3 + 2


def test_agreement_is_with_the_teacher_by_hand():
    teacher = torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 1.0], [0.0, 4.0]])
    student = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.5, 0.0], [0.0, 0.1]])
    assert agreement(student, teacher, None, "classes").value == 0.75
    tags = torch.tensor([[1.0, -1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    assert agreement(tags, torch.where(tags == 1, 9.0, tags), None, "tags").value == 1
    assert agreement(student, teacher, None, "numbers") is None


def test_agreement_of_a_study_is_not_its_accuracy(data, tmp_path):
    """A teacher that always says the first class."""
    said = np.tile([[5.0, 0.0, 0.0]], (len(data), 1)).astype(np.float32)

    class Always:
        classes_ = np.array(data.classes)

        def fit(self, x, y):
            return self

        def predict(self, x):
            return self.classes_[said[: len(x)].argmax(1)]

        def predict_proba(self, x):
            return np.tile([[1.0, 0.0, 0.0]], (len(x), 1))

    base = hs.models.backbone(deep(), example=torch.zeros(2, 4))
    few = {"epochs": 8, "seeds": 1, "repeats": 1, "alpha": 0.0, "lr": 0.05}
    record = hs.distil(Always(), data, students=base, **few, out=tmp_path / "run").result
    row = record.row("Deep", "distilled")
    assert row.agreement.value > 0.9
    assert row.figure.value < 0.6
    assert record.teacher.cost.seconds is None
    assert record.teachers == ["Always"]


def test_several_teachers_are_averaged_by_their_probabilities():
    logits = torch.tensor([[[0.0, 0.0], [np.log(3.0), 0.0]]])  # 1/2 and 3/4
    assert averaged(logits, "classes").exp()[0].tolist() == pytest.approx([0.625, 0.375])
    assert averaged(logits, "tags").sigmoid()[0].tolist() == pytest.approx([0.625, 0.5])
    assert averaged(logits, "numbers")[0].tolist() == pytest.approx([np.log(3) / 2, 0])


def test_rows_that_a_teacher_has_seen_are_not_tested(data):
    few = data.subset(np.arange(5))
    one, other = ("test", "test", "train", "train", "test"), ("test", "train", "train", "test", "test")
    made, notes = _with_common_split(few, [one, other], [])
    assert made.split == ("test", "train", "test")
    assert [digest(made.raw(row)) for row in range(3)] == [digest(few.raw(row)) for row in (0, 2, 4)]
    assert notes[0].startswith("2 rows that some teachers held out")
    with pytest.raises(BadInput, match="none of them the same"):
        _with_common_split(few.subset([0, 1]), [("test", "train"), ("train", "test")], [])


def test_times_are_medians_in_turn_without_the_warm_up():
    now, order = [0.0], []

    def of(name, seconds):
        def forward(x):
            order.append((name, len(x)))
            calls = sum(one[0] == name for one in order)
            now[0] += 100 if calls <= 2 else seconds * len(x)

        return forward, torch.zeros(3, 2)

    found = time_in_turn({"a": of("a", 1), "b": of("b", 2)}, 3, lambda: now[0])
    assert found == {"a": {1: 1, 32: 32}, "b": {1: 2, 32: 64}}
    assert [name for name, _ in order[:4]] == ["a", "b", "a", "b"]
    assert {rows for _, rows in order} == {1, 32}


def test_size_of_a_network_by_hand():
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).train()
    assert parameters_of(net) == 6 + 2 + 2 + 2
    assert bytes_of(net) == 4 * (12 + 4) + 8  # running mean and variance, and their count
    forward_of([net])(torch.zeros(1, 3))
    assert not net.training


@pytest.mark.parametrize(
    ("students", "said"),
    [
        (["half", "half"], "half is named twice"),
        (["blocks=x"], "needs a whole number >= 1"),
        (["blocks=9"], "Of 4 repeated blocks 1 to 3 can be left, not 9"),
        (["hidden=3"], "is for tables"),
    ],
)
def test_students_that_are_none(data, teacher, students, said):
    with pytest.raises(BadInput, match=said):
        [one.make(data, data) for one in students_of(students, teacher, data, DistilSettings())[0]]


def test_proposals_and_where_they_start(data, teacher):
    made, notes = students_of([], teacher, data, DistilSettings())
    assert [one.name for one in made] == ["half", "quarter"]
    assert "weights of the teacher" in notes[0]
    half = made[0].make(data, data)
    assert torch.equal(half.inner.first.weight, teacher.model.backbone.inner.first.weight)
    assert half.trained_head is None


def test_settings_that_go_with_no_method():
    with pytest.raises(BadInput, match="has no alpha"):
        distil_trials.distillation_of(DistilSettings(method="fine-tune", alpha=0.5))
    method = distil_trials.distillation_of(DistilSettings(temperature=2.0, alpha=0.25))
    assert (method.temperature, method.alpha) == (2, 0.25)
    rivals = distil_trials.rivals_of(method, DistilSettings(smoothing=0.2), "classes")
    assert (rivals["alone"].smoothing, rivals["smoothing"].smoothing) == (0, 0.2)
    assert "smoothing" not in distil_trials.rivals_of(method, DistilSettings(), "numbers")


def test_a_predictor_does_not_say_which_data_it_learned_from(teacher, tmp_path):
    with pytest.raises(BadInput, match="does not say which data it learned from"):
        hs.distil(teacher, **QUICK, out=tmp_path / "run")


def test_times_of_students_are_their_own(data, teacher, tmp_path, monkeypatch):
    def known(forwards, repeats):
        return {name: {1: float(len(name)), 32: 2.0} for name in forwards}

    monkeypatch.setattr(distil_run, "time_in_turn", known)
    few = {"students": "half", "seeds": 1, "epochs": 1}
    record = hs.distil(teacher, data, out=tmp_path / "run", **few).result
    assert record.best.cost.seconds == len("student half")
    assert record.teacher.cost.seconds == len("teacher")
