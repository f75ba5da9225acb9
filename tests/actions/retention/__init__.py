"""Retention: what is erased, what stays, and that both can be proven."""
