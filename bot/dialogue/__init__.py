"""The dialogue: Rasa trained, loaded and run in this process; only here and in bot/nlu is rasa imported."""

from bot.dialogue.agent import Dialogue
from bot.dialogue.training import fingerprint, train

__all__ = ["Dialogue", "fingerprint", "train"]
