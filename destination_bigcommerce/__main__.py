"""`python -m destination_bigcommerce spec|check|write`."""

from destination_bigcommerce.run import run

run()
