"""Accounts, conversations, turns, ratings, hand-over, metrics."""
