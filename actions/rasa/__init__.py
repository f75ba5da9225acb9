"""Custom actions of the dialogue, one file an area: they call the rooms of `actions` and utter."""
