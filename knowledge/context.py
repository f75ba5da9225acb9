"""What a short follow-up points back to, by rules and without a language model.

Two things are told from the words alone. A question points back when it says so (那个要多久？) or when
nothing is left of it once question words and words that fit any subject are taken away (要多久？): then the
question before is searched with it. A question that names a subject of its own is searched as it stands: the
topic has changed. Between the two, 那投诉呢 names a new subject and asks nothing: it takes over only what the
question before asked for (多久).
"""

from __future__ import annotations

import re

from knowledge.text import light_words, normalise, words

_POINTS = re.compile(
    r"那个|这个|那件|这件|那种|这种|那样|这样|它|其中|上面|刚才|刚刚|前面|^那(?!投)|^这|^该|^还有|^然后|^所以|^另外"
)
_AND_THAT = re.compile(r"^(?:那么|那|还有|至于)?(?P<subject>.+?)(?:呢|的话)[?？。]*$")
_ASKS = re.compile(
    r"(?:需要|要|得)?(?:多久|多长时间|几天|几个工作日|多少|哪些|什么时候|为什么|怎么\w{0,2}|如何\w{0,2}|谁\w{0,2}|有什么\w{0,2})"
)
LONGEST = 16  # a longer question speaks for itself
LONGEST_REST = 8  # of what the question before asked for
_MARKS = "?？。!！ "


def resolve(question: str, context: str) -> str:
    """Return what is searched for `question` when `context` was asked before ("" for nothing)."""
    text = normalise(question)
    if not context or len(text) > LONGEST or normalise(context) == text:
        return question
    named = subject_of(text)
    taken = _AND_THAT.match(text)
    if named and taken and not _ASKS.search(text):
        asked = _ASKS.search(normalise(context))
        subject = _POINTS.sub("", taken["subject"])
        rest = normalise(context)[asked.start() :].rstrip(_MARKS) if asked else ""
        return subject + (rest if len(rest) <= LONGEST_REST or not asked else asked.group())
    if not named or (_POINTS.search(text) and len(named) < 2):
        return f"{context.rstrip(_MARKS)} {_POINTS.sub('', text) or text}"
    return question


def subject_of(text: str) -> list[str]:
    """Return the words of a normalised text that name a subject."""
    return [word for word in words(text) if word not in light_words()]
