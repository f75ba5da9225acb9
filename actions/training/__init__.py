"""Training: questions, papers, attempts and their marks."""
