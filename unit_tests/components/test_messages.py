"""The catalogue of errors: two sentences each, and no error outside of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from airbyte_cdk.models import FailureType

from source_bigcommerce.components import messages
from source_bigcommerce.components.messages import Problem

ROOT = Path(__file__).parents[2]
PROBLEMS = {name: each for name, each in vars(messages).items() if isinstance(each, Problem)}
SENTENCE = re.compile(r"[A-Z{][^\n]*[^.\s]\.")
# A full stop and a capital: one sentence ends and another begins.
NEXT_SENTENCE = re.compile(r"[.!?] +[A-Z]")


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_one_sentence_of_what_happened_and_one_of_what_to_do(name: str) -> None:
    for part in (PROBLEMS[name].happened, PROBLEMS[name].remedy):
        assert SENTENCE.fullmatch(part)
        assert not NEXT_SENTENCE.search(part)


def test_a_problem_fills_in_its_values_and_keeps_the_rest_for_the_log() -> None:
    problem = Problem("{title} is {value}.", "Type {lowest}.", FailureType.transient_error)
    error = problem.error("GET v2", title="Workers", value="{title}", lowest=1)
    assert error.message == "Workers is {title}. Type 1."
    assert error.internal_message == "GET v2"
    assert error.failure_type == FailureType.transient_error
    assert problem.error(title="A", value="B", lowest=2).internal_message == "A is B. Type 2."


def test_every_error_is_of_the_catalogue() -> None:
    sources = {path: path.read_text() for path in (ROOT / "source_bigcommerce").rglob("*.py")}
    own = {path.name for path, text in sources.items() if "AirbyteTracedException(" in text}
    assert own == {"messages.py"}
    uses = "".join(text for path, text in sources.items() if path.name != "messages.py")
    assert {name for name in PROBLEMS if not re.search(rf"\b{name}\b", uses)} == set()


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_docs_list_every_problem_with_what_to_do(name: str) -> None:
    text = (ROOT / "docs/bigcommerce.md").read_text()
    listed = re.findall(r"\*([^*|\n]+)\*", text.split("## Troubleshooting")[1].split("\n## ")[0])
    # "{title} {value} is not a date." is listed as "... is not a date".
    assert re.sub(r"{\w+}( {\w+})*", "...", PROBLEMS[name].happened).removesuffix(".") in listed


def test_a_problem_does_not_show_the_login_of_an_address() -> None:
    problem = Problem("{address} could not be reached.", "Check it.")
    for login in ("me:secret", "me:se/cr@t", ":secret"):
        address = f"https://{login}@gateway.example/api"
        error = problem.error(f"GET {address}/v2: no answer", address=address)
        assert error.message == "https://***@gateway.example/api could not be reached. Check it."
        assert error.internal_message == "GET https://***@gateway.example/api/v2: no answer"
    plain = "https://a.example:80/b, ask me@a.example"
    assert problem.message(address=plain).startswith(plain)
