"""How facts and formulas connect: one graph from spec sheet to cheque, and small graphs beside it."""
