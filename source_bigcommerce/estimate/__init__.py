"""`source-bigcommerce estimate`: what a first sync and a daily one cost, before either is begun.

`looks.py` counts what the store has, with about one request a stream. `dry_run.py` then lets the
components of each stream read a stand-in for the store with as many rows, and counts their
requests. So no formula repeats what a component does, and a new stream needs no line here.
`prices.py` turns requests into time, `options.py` tries other settings, `report.py` prints it all.
"""
