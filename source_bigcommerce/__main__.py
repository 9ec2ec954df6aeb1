"""`python -m source_bigcommerce spec|check|discover|read|probe`."""

from source_bigcommerce.run import run

run()
