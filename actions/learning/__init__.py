"""The learning loop: what was not answered, and what the knowledge owner adds beside the manual."""
