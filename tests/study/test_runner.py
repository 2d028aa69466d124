"""What the runner does for every study: methods as objects, texts or both."""

import pytest

import headstart as hs
from headstart.core import BadInput
from headstart.studies._runner import METHODS, _split_methods, methods_of
from headstart.studies._store import remove_unstarted

KNN, LAST = hs.methods.KNN(k=3), hs.methods.FineTune(last=1)


@pytest.mark.parametrize(
    ("given", "labels", "own"),
    [
        ({"methods": [KNN, "lp-ft", LAST, KNN]}, ("knn:k=3", "lp-ft", "fine-tune:last=1"), [KNN, LAST]),
        ({"methods": KNN}, ("knn:k=3",), [KNN]),
        ({"methods": ("lp-ft", "lp-ft")}, ("lp-ft",), []),
    ],
)
def test_methods_as_objects_are_settings_by_label(given, labels, own):
    methods, plain = _split_methods({**given, "seed": 1})
    assert plain == {"methods": labels, "seed": 1}
    assert list(methods.values()) == own
    assert [one for one in methods_of(labels, {METHODS: methods}) if one in own] == own


def test_a_method_beside_others_is_kept_too():
    methods, plain = _split_methods({"tune": LAST, "methods": [KNN]})
    assert plain == {"tune": "fine-tune:last=1", "methods": ("knn:k=3",)}
    assert methods == {"fine-tune:last=1": LAST, "knn:k=3": KNN}


def test_one_word_is_no_list_of_methods():
    assert _split_methods({"methods": "knn"}) == ({}, {"methods": "knn"})
    with pytest.raises(BadInput, match="must be a list of methods"):
        hs.CurveSettings(methods="knn")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: hs.CurveSettings(labels_per_class=4),
            r"labels_per_class is 4; it must be a list",
        ),
        (lambda: hs.YosinskiSettings(cuts=2), "cuts is 2; it must be a list"),
        (lambda: hs.AlignSettings(test="0.3"), r"test is '0.3'; it must be in \(0, 1\)"),
        (lambda: hs.CurveSettings(size="large"), "size is 'large'; it must be at least 8"),
        (lambda: hs.adapt(None, None, out="never", budgt=3), "No option of adapt is called 'budgt'"),
        (lambda: hs.adapt(None, None, out="never", budget="3"), "budget is '3'; it must be a number"),
    ],
)
def test_a_setting_of_another_type_or_name_is_refused(make, message):
    with pytest.raises(BadInput, match=message):
        make()


def test_a_refused_study_leaves_what_was_in_the_folder(tmp_path):
    for name in ("model", "cache", "steps"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("some")
    (tmp_path / "study.json").write_text("{}")
    remove_unstarted(tmp_path, ["model"])
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "model",
        "model/file",
    ]
    remove_unstarted(tmp_path)
    assert not list(tmp_path.iterdir())
