"""How facts and formulas connect: the models that ship."""
