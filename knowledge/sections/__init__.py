"""Text to a Document of numbered sections, and a Document to Markdown, JSON and back."""

from knowledge.sections.audiences import with_audiences
from knowledge.sections.changes import ChangeKind, SectionChange, change_lines, compare
from knowledge.sections.edition import load_edition
from knowledge.sections.forms import from_store, to_json, to_markdown, to_store
from knowledge.sections.parsing import parse, parse_source

__all__ = [
    "ChangeKind",
    "SectionChange",
    "change_lines",
    "compare",
    "from_store",
    "load_edition",
    "parse",
    "parse_source",
    "to_json",
    "to_markdown",
    "to_store",
    "with_audiences",
]
