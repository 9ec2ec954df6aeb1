"""The connector in the programs that run it."""
