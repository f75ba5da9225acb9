"""How good Wenjin is: measurements against baselines in the same run."""
