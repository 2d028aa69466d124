"""What completes after a dot or within parentheses: public names and real settings, nothing else."""

import inspect
from dataclasses import fields

import pytest

import headstart as hs
from headstart.core import walk
from headstart.studies import study_function
from headstart.studies._spec import studies


@pytest.mark.parametrize("name", ["data", "models", "sklearn"])
def test_a_package_shows_what_is_public_alone(name):
    package = getattr(hs, name)
    assert dir(package) == sorted(package.__all__)
    assert not [one for one in dir(package) if one.startswith("_") or not hasattr(package, one)]
    own = [one for one in dir(package) if inspect.ismodule(getattr(package, one))]
    assert own == (["streams"] if name == "data" else [])


def test_methods_complete_with_their_settings():
    assert dir(hs.methods) == sorted({method.__name__ for method in walk()})
    settings = inspect.signature(hs.methods.LPFT).parameters
    assert settings["last"].annotation == int | None


@pytest.mark.parametrize(
    "spec", [spec for spec in studies() if spec.function_name], ids=lambda spec: spec.name
)
def test_a_study_completes_with_its_settings(spec):
    shown = inspect.signature(study_function(spec)).parameters
    for field in fields(spec.settings):
        if field.init:
            assert shown[field.name].default == getattr(spec.settings(), field.name)
            assert shown[field.name].annotation is not inspect.Parameter.empty
    assert not [one for one in shown.values() if one.kind is one.VAR_KEYWORD]
