"""Questions asked of the models: graphs of formulas, sweeps, uncertainty, break-evens, charts."""
