"""`source-bigcommerce probe`: checks in one store what the connector assumes about the API.

`assumptions.py` is the list. Each entry has a function that looks at replies, in `lists.py`,
`filters.py`, `orders.py`, `rows.py` and `headers.py`. They ask through a `Store`, which sends no
request twice and not too many. Nothing at run time depends on a report.
"""
