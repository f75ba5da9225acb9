"""How Wenjin talks: dialogue, channels, accounts, pages and commands."""
