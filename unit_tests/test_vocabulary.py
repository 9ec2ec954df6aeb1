"""The manifest's table of `$parameters` words is true and complete."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

from source_bigcommerce import components
from source_bigcommerce.components.state import DateCursor
from unit_tests.test_manifest import EDIT, MANIFEST, PACKAGE, TEXT, nodes

TABLE = f"{EDIT}: the table at its head"
CLASSES = [getattr(components, name) for name in components.__all__] + [DateCursor]
IN_TEMPLATES = re.compile(r"parameters\['(\w+)'\]")
IN_CLASSES = re.compile(r'parameters"?\)?[^\n]{0,7}\.get\("(\w+)"')


def vocabulary() -> dict[str, set[str]]:
    """Each word with its readers, by the table."""
    found: dict[str, set[str]] = {}
    word = ""
    for first, readers in re.findall(r"^# \| (\w*) *\| .*? \| (.*?) *\|$", TEXT, re.MULTILINE)[1:]:
        word = first or word
        found.setdefault(word, set()).update(re.findall(r"[\w.]+", readers))
    return found


def reads() -> Iterator[tuple[str, str]]:
    """Each word with one that reads it: a template, a class that asks for it, or one with a field
    of its name, which the framework fills."""
    for name, part in MANIFEST["definitions"].items():
        for word in IN_TEMPLATES.findall(str(part)):
            yield word, name
    for each in CLASSES:
        asked = IN_CLASSES.findall(inspect.getsource(each))
        fields = vocabulary().keys() & vars(each).get("__annotations__", {}).keys()
        for word in {*asked, *fields}:
            yield word, each.__name__


def test_the_vocabulary_has_the_used_words_and_no_other() -> None:
    used = {word for node in nodes(MANIFEST) for word in node.get("$parameters", {})}
    assert vocabulary().keys() == used, TABLE


def test_the_vocabulary_has_every_word_that_is_read() -> None:
    text = "".join(path.read_text() for path in PACKAGE.glob("components/*.py"))
    assert {*IN_TEMPLATES.findall(TEXT), *IN_CLASSES.findall(text)} <= vocabulary().keys(), TABLE


@pytest.mark.parametrize("word", vocabulary())
def test_the_vocabulary_names_every_reader_of_a_word(word: str) -> None:
    found = {reader for each, reader in reads() if each == word}
    for path in PACKAGE.glob("*.py"):
        if re.search(rf"""\[["']{word}["']\]""", path.read_text()):
            found.add(path.name)
    assert vocabulary()[word] == found, TABLE
