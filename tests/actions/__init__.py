"""Tests of what it does."""
