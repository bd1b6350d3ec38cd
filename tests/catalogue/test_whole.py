"""The catalogue as a whole."""

from exclave.catalogue.lint import problems
from exclave.catalogue.loader import load


def test_the_catalogue_is_sound():
    assert problems(load(compiled=False)) == []
