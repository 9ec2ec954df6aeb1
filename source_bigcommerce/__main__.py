"""`python -m source_bigcommerce spec|check|discover|read`."""

from source_bigcommerce.run import run

run()
