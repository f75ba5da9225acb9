"""Few-shot matching of short questions to answers: likeness alone, or learned from examples of each answer.

Every answer has one standard question. Without examples a question is matched by likeness to the standard
questions; with examples, linear models on sentence vectors, token vectors and characters are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.encoder import Encoded

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Encode = Callable[[Sequence[str]], Sequence[Encoded]]

# All values were chosen on a quarter of the training questions (eval/faq.py, bot/docs/evaluation.md).
SOFTENING, POWER = 3.0, 0.25  # of the whitening: a little only, full whitening costs five points
TOKENS, CHARACTERS = 0.5, 0.2  # weights of MaxSim and of characters beside the sentence vectors
CROWDED, CROWD = (
    0.5,
    30,
)  # weight and number of the nearest unlabelled questions that make a standard one common
SHARPNESS, OWN, ROUNDS = 0.8, 0.3, 5  # of learning from unlabelled questions
TEMPERATURE, EPOCHS, RATE, DECAY, DROPOUT, BATCH = 0.05, 60, 1e-3, 0.1, 0.2, 256
SPELLING = 3.0  # the scale that turns the margins of the wording into log-odds
PARTS = ("meaning", "tokens", "wording")
NEAREST = 3
SEED = 13


@dataclass(frozen=True, slots=True)
class Space:
    """A centred and slightly whitened space; questions and standard questions have a centre each."""

    matrix: Floats
    asked: Floats
    standard: Floats

    @classmethod
    def of(cls, asked: Floats, standard: Floats) -> Space:
        """Fit the space; without `asked` the standard questions stand for both."""
        theirs, ours = (asked if len(asked) else standard).mean(axis=0), standard.mean(axis=0)
        centred = np.concatenate([asked - theirs, standard - ours]) if len(asked) else standard - ours
        values, axes = np.linalg.eigh(np.cov(centred.T))
        values = np.maximum(values, 0.0)
        matrix = axes / (values + SOFTENING * values.mean()) ** POWER
        return cls(matrix.astype(np.float32), theirs, ours)

    def map(self, vectors: Floats, centre: Floats) -> Floats:
        """Return unit vectors of this space."""
        return unit((vectors - centre) @ self.matrix)


class Likeness:
    """Matches without examples: sentence vectors, MaxSim over token vectors, and characters.

    `unlabelled` are questions of the same people without their answers, say yesterday's: they tell the centre
    of the vectors (an encoder whose cosines are all close gains much), how common a letter pair is, and which
    standard questions are near to everything.
    """

    def __init__(self, standard: Sequence[str], encode: Encode, *, unlabelled: Sequence[str] = ()) -> None:
        self.standard, self.encode = list(standard), encode
        ours, theirs = encode(self.standard), encode(list(unlabelled))
        vectors = _sentences(ours)
        asked = _sentences(theirs) if theirs else vectors[:0]
        self.space = Space.of(asked, vectors)
        self.vectors = self.space.map(vectors, self.space.standard)
        known = theirs or ours
        self.token_centre = np.concatenate([e.tokens for e in known]).mean(axis=0)
        self._tokens = np.concatenate([self._unit_tokens(e) for e in ours])
        self._starts = np.cumsum([0, *(len(e.tokens) for e in ours)])[:-1]
        self._letters = _letters((1, 3)).fit([*self.standard, *unlabelled])
        self._spelled = self._letters.transform(self.standard)
        self.common = np.zeros(len(self.standard), np.float32)
        if theirs:
            likeness = self._fused(list(unlabelled), theirs)
            self.common = CROWDED * np.sort(likeness, axis=0)[-CROWD:].mean(axis=0)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return how like each text is to each standard question, shape (texts, standard questions)."""
        return np.asarray(self._fused(texts, self.encode(texts)) - self.common, np.float32)

    def mapped(self, texts: Sequence[str]) -> Floats:
        """Return the texts' unit vectors in this space."""
        return self.space.map(_sentences(self.encode(texts)), self.space.asked)

    def _fused(self, texts: Sequence[str], encoded: Sequence[Encoded]) -> Floats:
        meant = self.space.map(_sentences(encoded), self.space.asked) @ self.vectors.T
        spelled = (self._letters.transform(texts) @ self._spelled.T).toarray()
        tokens = np.stack([self._max_sim(one) for one in encoded])
        fused = standardise(meant) + TOKENS * standardise(tokens) + CHARACTERS * standardise(spelled)
        return np.asarray(fused, np.float32)

    def _unit_tokens(self, one: Encoded) -> Floats:
        return unit(one.tokens - self.token_centre)

    def _max_sim(self, one: Encoded) -> Floats:
        similar = self._unit_tokens(one) @ self._tokens.T
        return np.asarray(np.maximum.reduceat(similar, self._starts, axis=1).mean(axis=0), np.float32)


class Adapted:
    """Likeness that has learned from unlabelled questions: they move the standard questions' vectors.

    Expectation and maximisation over soft assignments; the classes' shares are drawn towards equal ones.
    """

    def __init__(self, likeness: Likeness, unlabelled: Sequence[str]) -> None:
        self.likeness = likeness
        vectors, first = likeness.mapped(unlabelled), likeness.scores(unlabelled)
        self.shift = _equalised(first)
        first = first + self.shift
        scores = first
        for _ in range(ROUNDS):
            share = np.exp(log_softmax(scores / SHARPNESS))
            self.vectors = unit(OWN * likeness.vectors + (1 - OWN) * unit((share**2).T @ vectors))
            scores = standardise(vectors @ self.vectors.T) + 0.5 * first

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return how like each text is to each standard question."""
        first = self.likeness.scores(texts) + self.shift
        return np.asarray(standardise(self.likeness.mapped(texts) @ self.vectors.T) + 0.5 * first, np.float32)


def _equalised(scores: Floats) -> Floats:
    shift = np.zeros(scores.shape[1], np.float32)
    for _ in range(20):
        share = np.exp(log_softmax((scores + shift) / SHARPNESS)).mean(axis=0)
        shift -= 0.3 * SHARPNESS * np.log(share * len(share) + 1e-3)
    return shift


@dataclass(frozen=True, slots=True)
class Head:
    """A cosine classifier on a linear map: `mapped @ answers.T / TEMPERATURE + bias`."""

    matrix: Floats
    answers: Floats
    bias: Floats

    def map(self, vectors: Floats) -> Floats:
        """Return unit vectors in which questions of one answer lie together."""
        return unit(vectors @ self.matrix)

    def scores(self, vectors: Floats) -> Floats:
        """Return log-probabilities, shape (vectors, answers)."""
        return log_softmax(self.map(vectors) @ self.answers.T / TEMPERATURE + self.bias)


def train_head(vectors: Floats, labels: Ints, answers: Floats, seed: int = SEED) -> Head:
    """Fit a head that starts from the identity and the standard questions' vectors; seeded, one thread."""
    import torch

    functional = torch.nn.functional
    generator = torch.Generator().manual_seed(seed)
    data, wanted = torch.from_numpy(np.ascontiguousarray(vectors)), torch.from_numpy(labels)
    matrix = torch.nn.Parameter(torch.eye(data.shape[1]))
    rows = torch.nn.Parameter(torch.from_numpy(answers.copy()))
    bias = torch.nn.Parameter(torch.zeros(len(answers)))
    groups = [{"params": [matrix], "weight_decay": DECAY}, {"params": [rows, bias], "weight_decay": 0.0}]
    optimiser: Any = torch.optim.AdamW(groups, lr=RATE)
    steps = EPOCHS * -(-len(data) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(data), generator=generator).split(BATCH):
            chosen = data[batch]
            kept = torch.rand(chosen.shape, generator=generator) >= DROPOUT
            mapped = functional.normalize((chosen * kept / (1 - DROPOUT)) @ matrix, dim=1)
            scores = mapped @ functional.normalize(rows, dim=1).T / TEMPERATURE + bias
            loss = functional.cross_entropy(scores, wanted[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    learned = [np.asarray(p.detach().numpy(), np.float32) for p in (matrix, rows, bias)]
    return Head(learned[0], unit(learned[1]), learned[2])


class Wording:
    """A linear support-vector classifier over letters and pairs of letters."""

    def __init__(self, texts: Sequence[str], labels: Ints) -> None:
        from sklearn.svm import LinearSVC

        self._letters = _letters((1, 2)).fit(texts)
        self._model = LinearSVC(C=0.5, random_state=SEED).fit(self._letters.transform(texts), labels)

    def scores(self, texts: Sequence[str], count: int) -> Floats:
        """Return log-probabilities, shape (texts, count); classes without examples are least likely."""
        margins = self._model.decision_function(self._letters.transform(texts))
        if margins.ndim == 1:  # of two classes only the second one's margin comes
            margins = np.stack([-margins, margins], axis=1)
        out = np.full((len(texts), count), margins.min(), np.float32)
        out[:, self._model.classes_] = margins
        return log_softmax(SPELLING * out)


class Matcher:
    """Matches with examples of at least two answers; `labels` are places of the standard questions.

    Two heads, on sentence vectors and on the strongest value of each dimension over the tokens, and the
    wording are averaged as log-probabilities. Likeness is measured beside them (`parts`) and left out: it
    adds nothing.
    """

    def __init__(self, likeness: Likeness, texts: Sequence[str], labels: Sequence[int]) -> None:
        self.likeness = likeness
        every = [*texts, *likeness.standard]
        wanted = np.array([*labels, *range(len(likeness.standard))], np.int64)
        self._centre = likeness.space.asked
        sentences, strongest = self._features(every)
        self._strongest_centre = strongest[: len(texts)].mean(axis=0)
        strongest = unit(strongest - self._strongest_centre)
        own = slice(len(texts), None)
        self.meaning = train_head(sentences, wanted, sentences[own])
        self.tokens = train_head(strongest, wanted, strongest[own])
        self.wording = Wording(every, wanted)
        self.examples = self.meaning.map(sentences)

    def _features(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        encoded = self.likeness.encode(texts)
        return unit(_sentences(encoded) - self._centre), np.stack([e.tokens.max(axis=0) for e in encoded])

    def parts(self, texts: Sequence[str]) -> dict[str, Floats]:
        """Return each part's log-probabilities, for measuring them apart."""
        sentences, strongest = self._features(texts)
        return {
            "meaning": self.meaning.scores(sentences),
            "tokens": self.tokens.scores(unit(strongest - self._strongest_centre)),
            "wording": self.wording.scores(texts, len(self.likeness.standard)),
            "likeness": log_softmax(self.likeness.scores(texts)),
        }

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return log-probabilities of the answers, shape (texts, answers)."""
        return averaged(self.parts(texts))

    def nearness(self, texts: Sequence[str]) -> Floats:
        """Return the cosine of each text to its nearest examples, where the head has mapped them."""
        mapped = self.meaning.map(self._features(texts)[0])
        similar = np.partition(mapped @ self.examples.T, -NEAREST, axis=1)[:, -NEAREST:]
        return np.asarray(similar.mean(axis=1), np.float32)


def averaged(parts: dict[str, Floats]) -> Floats:
    """Return log-probabilities from those of the parts that count."""
    return log_softmax(np.asarray(np.mean([parts[name] for name in PARTS], axis=0), np.float32))


def unit(rows: Floats) -> Floats:
    """Return rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), np.float32)


def standardise(scores: Floats) -> Floats:
    """Return rows with mean 0 and deviation 1."""
    spread = np.maximum(scores.std(axis=1, keepdims=True), 1e-6)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / spread, np.float32)


def log_softmax(scores: Floats) -> Floats:
    """Return log-probabilities of each row."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)


def _sentences(encoded: Sequence[Encoded]) -> Floats:
    return np.stack([e.sentence for e in encoded])


def _letters(lengths: tuple[int, int]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char", ngram_range=lengths, sublinear_tf=True)
