"""Stock Rasa as a server: jieba, word counts, DIET and rules, trained on our own training sentences."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from bot.settings import PROJECT
from eval.serving import Served, free_port, serve
from knowledge.errors import unavailable

NLU = PROJECT / "training_data" / "nlu"
MODEL = "stock.tar.gz"
EPOCHS = 2  # how fast it answers does not depend on how well it was trained
CONFIG = f"""\
recipe: default.v1
language: zh
assistant_id: stock
pipeline:
  - name: JiebaTokenizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {EPOCHS}
    constrain_similarities: true
    random_seed: 13
  - name: FallbackClassifier
    threshold: 0.3
policies:
  - name: RulePolicy
    core_fallback_action_name: utter_nlu_fallback
"""
QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def project(folder: Path) -> Path:
    """Write the project below `folder`, under a hash of its content; return its folder."""
    heard = sorted(path.stem for path in NLU.glob("*.yml"))
    intents = [*heard, "nlu_fallback"]  # what it does not understand is answered, too
    rules = [
        {"rule": intent, "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]} for intent in intents
    ]
    domain = {
        "version": "3.1",
        "intents": intents,
        "responses": {f"utter_{intent}": [{"text": "您的消息已收到。"}] for intent in intents},
    }
    files = {
        "config.yml": CONFIG,
        "domain.yml": yaml.safe_dump(domain, allow_unicode=True),
        "credentials.yml": "rest:\n",
        "data/rules.yml": yaml.safe_dump({"version": "3.1", "rules": rules}, allow_unicode=True),
        **{f"data/{intent}.yml": (NLU / f"{intent}.yml").read_text(encoding="utf-8") for intent in heard},
    }
    content = "\n".join(f"{name}\n{text}" for name, text in sorted(files.items()))
    home = folder / hashlib.sha256(content.encode()).hexdigest()[:16]
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    return home


def trained(folder: Path) -> Path:
    """Return the project's folder with its model, trained once for each content.

    Raises:
        WenjinError: `training_failed` (503).
    """
    home = project(folder)
    if not (home / MODEL).is_file():
        command = [*_rasa("train"), "--out", ".", "--fixed-model-name", MODEL.partition(".")[0]]
        done = subprocess.run(command, cwd=home, env={**os.environ, **QUIET}, capture_output=True)  # noqa: S603
        if not (home / MODEL).is_file():
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise unavailable("training_failed", f"原版 Rasa 没有训练成功：{said}")
    return home


@contextmanager
def stock(folder: Path) -> Iterator[Served]:
    """Serve stock Rasa's REST channel with its default tracker store, which is memory."""
    home, port = trained(folder), free_port()
    command = [*_rasa("run"), "-m", MODEL, "-i", "127.0.0.1", "-p", str(port)]
    with serve(
        [*command, "--credentials", "credentials.yml"], port, "/webhooks/rest/", QUIET, home
    ) as served:
        yield served


def _rasa(what: str) -> list[str]:
    return [sys.executable, "-W", "ignore", "-m", "rasa", what]
