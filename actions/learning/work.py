"""What is left to work on: clusters of open questions, without those that have an answer by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from actions.learning import published
from actions.learning.asked import AskedQuestion, gather
from actions.learning.clusters import Cluster, Embed, cluster
from knowledge.errors import not_found
from knowledge.supplement import FaqEntry, Supplemented
from knowledge.text import normalise


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the clusters were made of."""

    questions: tuple[AskedQuestion, ...]
    revision: int
    manual: str


class Work:
    """Gathers and clusters; the same questions are not clustered twice."""

    def __init__(self, answerer: Supplemented, embed: Embed) -> None:
        self._answerer, self._embed = answerer, embed
        self._lock = Lock()
        self._last: tuple[_Seen, list[Cluster]] | None = None

    def clusters(self, s: Session, now: datetime) -> list[Cluster]:
        """Return the clusters that want an answer, the most asked first."""
        questions = gather(s, now=now)
        seen = _Seen(tuple(questions), published.revision(s), self._answerer.get().index.key)
        with self._lock:
            if self._last is None or self._last[0] != seen:
                open_ones = self._open(questions, published.since(s))
                self._last = (seen, cluster(open_ones, self._embed))
            return self._last[1]

    def get(self, s: Session, key: str, now: datetime) -> Cluster:
        """Return the cluster that holds a question, by its turn's id.

        Raises:
            WenjinError: 404 `cluster_not_found`.
        """
        for one in self.clusters(s, now):
            if any(asked.turn_id == key for asked in one.asked):
                return one
        raise not_found("cluster_not_found", "没有找到这组问题，可能已经处理。请回到列表。")

    def _open(
        self, questions: Sequence[AskedQuestion], since: dict[tuple[str, str], datetime]
    ) -> list[AskedQuestion]:
        """Leave out what was asked before an entry came that answers it now."""
        if not since or not questions:
            return list(questions)
        vectors = self._embed([normalise(one.text) for one in questions])
        kept = []
        for one, vector in zip(questions, vectors, strict=True):
            match = self._answerer.nearest(one.text, audience=one.audience, vector=vector)
            if match and match.answers:
                kind = "faq" if isinstance(match.entry, FaqEntry) else "attached"
                at = since.get((kind, match.entry.id))
                if at and at >= one.asked_at:
                    continue
            kept.append(one)
        return kept
