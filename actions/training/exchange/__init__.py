"""Questions to and from files: spreadsheets, Aiken, GIFT, YAML, JSON lines, QTI."""
