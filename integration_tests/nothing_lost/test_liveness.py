"""The connector ends with its main thread, its reader, a signal or its caller."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from integration_tests.nothing_lost.completeness import TOKEN, make_store
from integration_tests.syncs import catalog_of, config_for
from sandbox import Sandbox
from source_bigcommerce import SourceBigcommerce

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
MAIN = "from source_bigcommerce.run import run\nrun()"
# Ends the main thread while the workers wait for room in the record queue.
OUT_OF_MEMORY = """
from airbyte_cdk.utils.memory_monitor import MemoryMonitor
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
def check(self, seen=[]):
    seen.append(1)
    if len(seen) == 100:
        raise AirbyteTracedException(message="Out of memory.")
MemoryMonitor.check_memory_usage = check
"""
OUR_OWN = """
from source_bigcommerce.components.progress import Progress
def add(self, message, seen=[]):
    seen.append(1)
    if len(seen) == 100:
        raise LookupError("of our own")
Progress.add = add
"""
KEPT = """
import json, logging, sys
from source_bigcommerce import SourceBigcommerce
config, catalog = (
    read(path) for read, path in
    zip((SourceBigcommerce.read_config, SourceBigcommerce.read_catalog), sys.argv[3::2])
)
messages = SourceBigcommerce().read(logging.getLogger("airbyte"), config, catalog)
print("READ", sum(1 for _ in zip(range(100), messages)))
"""


@pytest.fixture(scope="module")
def full() -> Iterator[Sandbox]:
    """A store with many more rows than may wait to be printed."""
    with make_store(customers=2500, orders=1500) as store:
        yield store


@pytest.fixture
def files(full: Sandbox, tmp_path: Path) -> list[str]:
    config = config_for(full, num_workers=4)
    catalog = ConfiguredAirbyteCatalogSerializer.dump(catalog_of(("customers", "orders"), config))
    options = []
    for name, content in {"config": config, "catalog": catalog}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        options += [f"--{name}", str(tmp_path / f"{name}.json")]
    return options


def start(program: str, *args: str, command: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, sys.executable, "-c", program, *args],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.parametrize(
    ("fault", "message", "pausing"),
    [(OUT_OF_MEMORY, "Out of memory.", False), (OUR_OWN, "of our own", True)],
    ids=["out of memory", "our own, while a worker pauses"],
)
def test_an_error_of_the_main_thread_ends_the_process(
    full: Sandbox, files: list[str], fault: str, message: str, pausing: bool
) -> None:
    if pausing:
        full.faults.add("orders.list", "rate_limit", times=None)
    process = start(fault + MAIN, "read", *files)
    output, errors = process.communicate(timeout=120)
    full.faults.clear()
    traces = [json.loads(line)["trace"] for line in output.splitlines() if '"TRACE"' in line]
    last = [trace["error"] for trace in traces if trace["type"] == "ERROR"][-1]
    assert message in last["stack_trace"]
    assert (process.returncode, errors) == (1, "")


@pytest.mark.parametrize("while_", ["it prints", "it waits for the quota"])
def test_the_process_ends_quietly_if_its_reader_leaves(
    full: Sandbox, files: list[str], while_: str
) -> None:
    if while_ == "it prints":
        process = start(MAIN, "read", *files)
        assert process.stdout
        next(line for line in process.stdout if '"RECORD"' in line)
    else:
        with make_store(customers=2500, quota=1, window_ms=300_000) as store:
            config = Path(files[1])
            config.write_text(json.dumps(config_for(store)))
            process = start(MAIN, "read", *files)
            assert process.stdout
            next(line for line in process.stdout if "Waiting" in line)
    process.stdout.close()
    assert process.stderr
    assert process.wait(timeout=120) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_terminated_process_ends_at_once_even_as_the_first_of_a_container(
    files: list[str],
) -> None:
    # The first process of a namespace is not ended by a signal that it does not handle.
    first = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
    can_be_first = bool(shutil.which("unshare")) and not subprocess.run([*first, "true"]).returncode
    process = start(MAIN, "read", *files, command=first if can_be_first else ())
    assert process.stdout
    next(line for line in process.stdout if '"RECORD"' in line)
    begun = time.monotonic()
    if can_be_first:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        os.kill(int(children), signal.SIGTERM)
    else:
        process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    # A shell shows 143 for both.
    assert (process.returncode, errors) == (143 if can_be_first else -signal.SIGTERM, "")
    assert time.monotonic() - begun < 5


def test_pyairbyte_may_end_the_process_as_soon_as_it_has_the_answer() -> None:
    process = start(MAIN, "spec")
    assert process.stdout
    process.stdout.readline()
    process.terminate()
    # The two that PyAirbyte takes for success; it ends a command as soon as it has its answer.
    assert process.wait(timeout=120) in (0, -signal.SIGTERM)
    process.communicate()


def test_a_program_that_stops_reading_ends_even_if_it_keeps_the_generator(
    files: list[str],
) -> None:
    process = start(KEPT, "read", *files)
    output, _ = process.communicate(timeout=120)
    assert output.splitlines()[-1] == "READ 100"
    assert process.returncode == 0


def test_threads_end_when_their_reader_stops_reading(full: Sandbox) -> None:
    config = config_for(full, num_workers=4)
    catalog = catalog_of(("customers", "orders", "order_products", "transactions"), config)
    before = set(threading.enumerate())
    read = SourceBigcommerce().read(logging.getLogger("airbyte"), config, catalog)
    with closing(read) as messages:  # type: ignore[type-var]
        assert sum(1 for _ in zip(range(200), messages, strict=False)) == 200
        deadline = time.monotonic() + 10
        while not full_queue(before):
            assert time.monotonic() < deadline, "the workers never fill the queue"
            time.sleep(0.01)
    asked = len(full.log)
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(("workerpool", "child-rows")):
            thread.join(60)
            assert not thread.is_alive(), f"{thread.name} does not end"
    assert len(full.log) <= asked + 8, "it goes on asking"


def full_queue(before: set[threading.Thread]) -> bool:
    """Whether a worker waits for room in the record queue."""
    frames = sys._current_frames()
    for thread in set(threading.enumerate()) - before:
        frame = frames.get(thread.ident or 0)
        while frame:
            if frame.f_code.co_name == "put" and frame.f_code.co_filename.endswith("queue.py"):
                return True
            frame = frame.f_back
    return False


def test_output_is_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    config = {"store_hash": "abc123", "access_token": TOKEN, "start_date": "gestern früh"}
    (tmp_path / "config.json").write_text(json.dumps(config))
    checking = subprocess.run(
        [sys.executable, "-m", "source_bigcommerce", "check", "--config", tmp_path / "config.json"],
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        check=True,
        timeout=120,
    )
    assert "gestern früh" in checking.stdout.decode("utf-8")
