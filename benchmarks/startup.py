"""What the connector takes to start, beside the framework that it must load."""

from __future__ import annotations

import sys

from benchmarks import programs
from benchmarks.report import Report
from benchmarks.scale import Scale


def measure(report: Report, scale: Scale) -> None:
    """Prints what `spec` takes beside importing the CDK."""
    report.title("Start-up")
    runs = programs.interleaved(
        {
            "import": [sys.executable, "-c", "import airbyte_cdk"],
            "spec": [sys.executable, "-m", "source_bigcommerce", "spec"],
        },
        scale.starts,
    )
    report.table(
        ["", "seconds", "processor seconds"],
        [
            [name, programs.seconds(runs[key]), programs.processor(runs[key])]
            for name, key in (("import airbyte_cdk", "import"), ("source-bigcommerce spec", "spec"))
        ],
    )
    # Nothing but the processor is at work, and other programs disturb its time less.
    ratio = programs.processor(runs["spec"]) / programs.processor(runs["import"])
    report.at_most("start-up: processor time of `spec` ÷ of importing the CDK", ratio, 1.1)
