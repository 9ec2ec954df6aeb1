"""Measures the connector against hand-written clients, on the sandbox: `python -m benchmarks`."""
