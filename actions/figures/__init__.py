"""What the service is worth, in figures: counted by SQL from what happened, each with its definition."""
