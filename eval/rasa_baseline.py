"""Stock Rasa as a baseline: jieba, word counts, DIET, one intent a section, on the same questions."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.settings import PROJECT
from eval.asked import Asked
from eval.rasa_worker import MODEL
from eval.scores import Row
from eval.systems import row_of
from knowledge.document import Document
from knowledge.encoder import Progress
from knowledge.errors import unavailable
from knowledge.questions import QuestionBank

OUT_OF_SCOPE = "out_of_scope"
KEPT_MODELS = 4
_EPOCH = re.compile(r"Epochs:.*?(\d+)/(\d+)")
_LEAST_URGENT = 19
CONFIG = """\
recipe: default.v1
language: zh
assistant_id: baseline
pipeline:
  - name: JiebaTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
    ranking_length: 0
    random_seed: 13
"""


def examples(bank: QuestionBank) -> list[tuple[str, str]]:
    """Return (text, intent) of the bank: the section's number, or out_of_scope; each pair once."""
    pairs = [(q.text, q.section) for q in bank.answerable]
    pairs += [(q.text, OUT_OF_SCOPE) for q in bank.unanswerable]
    return sorted(set(pairs))


def trained(pairs: Sequence[tuple[str, str]], folder: Path, epochs: int, progress: Progress) -> Path:
    """Return the project folder of a model trained on `pairs`, below `folder`; trained once for each content.

    Raises:
        WenjinError: `training_failed` (503).
    """
    config = CONFIG.format(epochs=epochs)
    content = json.dumps([config, list(pairs)], ensure_ascii=False)
    home = folder / hashlib.sha256(content.encode()).hexdigest()[:16]
    if not (home / MODEL).is_file():
        home.mkdir(parents=True, exist_ok=True)
        (home / "config.yml").write_text(config, encoding="utf-8")
        rows = [{"text": text, "intent": intent} for text, intent in pairs]
        data = {"rasa_nlu_data": {"common_examples": rows}}
        (home / "nlu.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        _train(home, progress)
        _forget_others(folder)
    return home


def _train(home: Path, progress: Progress) -> None:
    with _worker("train", home, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        said = ""
        for piece in _pieces(process.stderr):
            said = (said + piece)[-4000:]
            found = _EPOCH.findall(piece)
            if found:
                progress(int(found[-1][0]), int(found[-1][1]))
    if process.returncode or not (home / MODEL).is_file():
        raise unavailable("training_failed", f"原版 Rasa 没有训练成功：{said.strip()[-500:]}")


def _worker(job: str, home: Path, **streams: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"}
    if job == "read":  # times are of one thread, as the other systems' are
        environment |= {f"TF_{kind}_OP_PARALLELISM_THREADS": "1" for kind in ("INTRA", "INTER")}
    command = ["nice", "-n", str(_LEAST_URGENT), sys.executable, "-m", "eval.rasa_worker", job, str(home)]
    return subprocess.Popen(command, cwd=PROJECT, env=environment, **streams)  # noqa: S603


def _pieces(stream: Any) -> Iterator[str]:
    """Yield what a stream says, without waiting for whole lines: bars end in a carriage return."""
    while chunk := os.read(stream.fileno(), 4096):
        yield chunk.decode("utf-8", "replace")


def _forget_others(folder: Path) -> None:
    """Keep the models that were trained last."""
    homes = sorted(folder.glob(f"*/{MODEL}"), key=lambda f: f.stat().st_mtime, reverse=True)
    for model in homes[KEPT_MODELS:]:
        shutil.rmtree(model.parent, ignore_errors=True)


def rankings(home: Path, texts: dict[str, str], progress: Progress) -> dict[str, dict[str, Any]]:
    """Return {id: {"ranking": [[intent, confidence], …], "ms": …}} for {id: text}.

    Raises:
        WenjinError: `reading_failed` (503).
    """
    lines = [json.dumps({"id": i, "text": text}, ensure_ascii=False) for i, text in texts.items()]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / MODEL).symlink_to((home / MODEL).resolve())
        (here / "asked.jsonl").write_text("\n".join(lines), encoding="utf-8")
        with _worker("read", here, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            for line in process.stdout or ():
                if line.startswith(b'{"id"'):
                    row = json.loads(line)
                    found[row["id"]] = row
                    progress(len(found), len(texts))
    if len(found) != len(texts):
        raise unavailable("reading_failed", f"原版 Rasa 只读了 {len(found)}/{len(texts)} 个问题。")
    return found


def ask_rasa(home: Path, document: Document, asked: Sequence[Asked], progress: Progress) -> list[Row]:
    """Ask a trained model: sections in the order of its intents, only those that the audience may read.

    It answers unless its first intent is out_of_scope or a section that is not to be read; its score is the
    best readable section's confidence less that of out_of_scope.
    """
    found = rankings(home, {q.id: q.text for q in asked}, progress)
    return [_row(question, document, found[question.id]) for question in asked]


def _row(question: Asked, document: Document, found: dict[str, Any]) -> Row:
    readable = {s.number for s in document if question.audience.may_read(s.audience)}
    ranking = [(str(intent), float(confidence)) for intent, confidence in found["ranking"]]
    confidence = dict(ranking)
    order = [intent for intent, _ in ranking if intent in readable]
    score = confidence.get(order[0], 0.0) if order else 0.0
    row = row_of(question, order, score - confidence.get(OUT_OF_SCOPE, 0.0), None, found["ms"])
    answers = bool(ranking) and ranking[0][0] in readable
    return row if answers else _refused(row)


def _refused(row: Row) -> Row:
    return replace(row, outcome="refused", right=False)
