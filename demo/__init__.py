"""`make demo` and `make sync`: the connector in PyAirbyte, from a running store into a DuckDB file.

| module | knows |
|---|---|
| `warehouse.py` | PyAirbyte and DuckDB: sync into a file, ask the file |
| `report.py` | what is on the screen |
| `__main__.py` | the order of things |
"""

SIZE = {"orders": 2000, "customers": 1000, "products": 500}
"""Rows of the sandbox store. Its history ends now, so the demo looks the same on every day."""
