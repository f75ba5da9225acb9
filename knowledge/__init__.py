"""What Wenjin knows: the manual, restored, sectioned, indexed and searched."""
