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
    spec, cdk = programs.seconds(runs["spec"]), programs.seconds(runs["import"])
    report.table(["", "seconds"], [["import airbyte_cdk", cdk], ["source-bigcommerce spec", spec]])
    report.at_most("start-up: `spec` ÷ importing the CDK", spec / cdk, 1.1)
