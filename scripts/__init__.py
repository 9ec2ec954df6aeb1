"""Commands of the Makefile, and for people who change the connector."""
