"""How long personal data is kept, and its erasure so that what must be provable stays."""
