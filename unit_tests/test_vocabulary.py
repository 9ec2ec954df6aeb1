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
# Variables that hold `$parameters`, and those that hold a stream, which has them as its fields.
HOLDS_WORDS = re.compile(
    r'\b(\w+)(?: = | in \()[^\n]*"\$parameters"(?:\]|, {}\))(?: for|$)', re.MULTILINE
)
HOLDS_STREAM = re.compile(r'for (\w+) in [^\n]*manifest\["streams"\]')


def vocabulary() -> dict[str, set[str]]:
    """Each word with its readers, by the table."""
    found: dict[str, set[str]] = {}
    word = ""
    for first, readers in re.findall(r"^# \| (\w*) *\| .*? \| (.*?) *\|$", TEXT, re.MULTILINE)[1:]:
        word = first or word
        found.setdefault(word, set()).update(re.findall(r"[\w./]+", readers))
    return found


def asked(code: str) -> set[str]:
    """The words that a piece of Python looks up in `$parameters`."""
    words = rf'\b(?:{"|".join(["parameters", *HOLDS_WORDS.findall(code)])})"?(?:\]|, {{}}\))?'
    looked_up = re.findall(rf'{words}(?:\[|\.get\()"(\w+)"', code)
    return {*looked_up, *re.findall(rf'"(\w+)" in {words}', code)}


def reads() -> Iterator[tuple[str, str]]:
    """Each word with one that reads it: a template, Python that asks for it, a class with a field
    of its name, or a stream's field of its name; the framework fills both."""
    for name, part in MANIFEST["definitions"].items():
        for word in IN_TEMPLATES.findall(str(part)):
            yield word, name
    for each in CLASSES:
        fields = vocabulary().keys() & vars(each).get("__annotations__", {}).keys()
        for word in asked(inspect.getsource(each)) | fields:
            yield word, each.__name__
    for path in {*PACKAGE.rglob("*.py")} - {*PACKAGE.glob("components/*")}:
        code = path.read_text()
        taken = {
            field
            for stream in HOLDS_STREAM.findall(code)
            for field in re.findall(rf'\b{stream}\["(\w+)"\]', code)
        }
        for word in asked(code) | vocabulary().keys() & taken:
            yield word, path.relative_to(PACKAGE).as_posix()


def test_the_vocabulary_has_the_used_words_and_no_other() -> None:
    used = {word for node in nodes(MANIFEST) for word in node.get("$parameters", {})}
    assert vocabulary().keys() == used, TABLE


def test_the_vocabulary_has_every_word_that_is_read() -> None:
    found = [asked(path.read_text()) for path in PACKAGE.rglob("*.py")]
    assert set().union(IN_TEMPLATES.findall(TEXT), *found) <= vocabulary().keys(), TABLE


@pytest.mark.parametrize("word", vocabulary())
def test_the_vocabulary_names_every_reader_of_a_word(word: str) -> None:
    assert vocabulary()[word] == {reader for each, reader in reads() if each == word}, TABLE
