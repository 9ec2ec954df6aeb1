"""`make demo` and `make sync`: the connector in PyAirbyte, from a running store into a DuckDB file.

| module | knows |
|---|---|
| `shop.py` | the sandbox store: start it, change some rows, stop it |
| `warehouse.py` | PyAirbyte and DuckDB: sync into a file, ask the file |
| `report.py` | what is on the screen |
| `__main__.py` | the order of things |
"""
