"""Put questions side by side that want the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from actions.learning.asked import AskedQuestion
from knowledge.document import Audience
from knowledge.sameness import likeness
from knowledge.text import normalise

Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
ALIKE = 0.98  # mean likeness of a cluster's questions, from which they belong together
_HIGHEST = 1.1
_LEAST_COSINE = 0.88  # below, the words are not looked at


@dataclass(frozen=True, slots=True)
class Cluster:
    """Questions of one audience that want the same answer. `title` is the one nearest to all others."""

    title: str
    audience: Audience
    asked: tuple[AskedQuestion, ...]

    @property
    def key(self) -> str:
        """Return the id of the turn that was asked last: the cluster's address."""
        return self.asked[0].turn_id

    @property
    def count(self) -> int:
        """Return how often it was asked."""
        return len(self.asked)

    @property
    def badly_rated(self) -> int:
        """Return how many were answered and rated badly."""
        return sum(one.score is not None for one in self.asked)

    @property
    def last_at(self) -> datetime:
        """Return when it was asked last."""
        return self.asked[0].asked_at

    @property
    def ways(self) -> list[tuple[AskedQuestion, int]]:
        """Return each way to ask as it was asked last, with how often, newest first; bad ratings apart."""
        counts = Counter((one.key, one.score) for one in self.asked)
        last = {(one.key, one.score): one for one in reversed(self.asked)}
        return [(last[way], counts[way]) for way in counts]

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the different ways to ask, the title first, then the newest."""
        return tuple(dict.fromkeys((self.title, *(one.text for one in self.asked))))


def cluster(questions: Sequence[AskedQuestion], embed: Embed) -> list[Cluster]:
    """Return the clusters of questions, newest first within; the most asked cluster comes first.

    `embed` returns one unit vector a text. Questions of different audiences are never put together.
    """
    found = [
        made
        for audience in Audience
        for made in _of_one_audience([q for q in questions if q.audience is audience], embed)
    ]
    return sorted(found, key=lambda one: (one.count, one.last_at, one.key), reverse=True)


def _of_one_audience(questions: Sequence[AskedQuestion], embed: Embed) -> list[Cluster]:
    by_key: dict[str, list[AskedQuestion]] = {}
    for one in sorted(questions, key=lambda q: (q.asked_at, q.turn_id), reverse=True):
        by_key.setdefault(one.key, []).append(one)
    groups = list(by_key.values())
    if not groups:
        return []
    texts = [normalise(group[0].text) for group in groups]
    alike = _likenesses(texts, embed(texts))
    made = []
    for members in _partition(alike):
        inner = alike[np.ix_(members, members)]
        weights = np.array([len(groups[i]) for i in members])
        centre = members[int((inner @ weights).argmax())]
        asked = sorted(
            (one for i in members for one in groups[i]), key=lambda q: (q.asked_at, q.turn_id), reverse=True
        )
        made.append(Cluster(groups[centre][0].text, asked[0].audience, tuple(asked)))
    return made


def _likenesses(texts: Sequence[str], vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    cosines = vectors @ vectors.T
    alike = np.minimum(cosines, _LEAST_COSINE)
    for i, j in np.argwhere(np.triu(cosines >= _LEAST_COSINE, 1)).tolist():
        alike[i, j] = alike[j, i] = likeness(texts[i], texts[j], float(cosines[i, j]))
    np.fill_diagonal(alike, _HIGHEST)
    return np.asarray(alike, np.float32)


def _partition(alike: npt.NDArray[np.float32]) -> list[list[int]]:
    """Return the members of each cluster (average linkage), in order of their first member."""
    if len(alike) == 1:
        return [[0]]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    apart = squareform(_HIGHEST - alike, checks=False)
    labels = fcluster(linkage(apart, "average"), _HIGHEST - ALIKE, "distance")
    members: dict[int, list[int]] = {}
    for place, label in enumerate(labels.tolist()):
        members.setdefault(label, []).append(place)
    return list(members.values())
