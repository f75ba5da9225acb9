"""The shortcuts around Rasa find what Rasa itself finds: the same rules for any state, the same graph results."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, State

from bot.dialogue.quick import RuleIndex, StraightRunner, _possible_keys
from tests.bot.talking import dialogue, model_file

LISTEN = "action_listen"


@pytest.fixture(scope="module")
def processor() -> Any:
    """Return Rasa's processor with the trained model."""
    return dialogue()._engine._agent.processor


@pytest.fixture(scope="module")
def policy(processor: Any) -> RulePolicy:
    """Return the trained rule policy."""
    (found,) = processor.graph_runner.policies()
    return found


@pytest.fixture(scope="module")
def stock() -> Any:
    """Return the same model's graph with Rasa's own runner."""
    return MessageProcessor._load_model(str(model_file()))[2]


def state(action: str | None, intent: str | None, loop: str | None) -> State:
    """Return a state as Rasa's featuriser makes it."""
    made: State = {"prev_action": {"action_name": action}} if action else {}
    made |= {"user": {"intent": intent}} if intent else {}
    return made | ({"active_loop": {"name": loop}} if loop else {})


def names(rules: dict[str, str], part: str, name: str) -> list[str]:
    """Return the values that the rules' states have somewhere."""
    found = {one.get(part, {}).get(name) for key in rules for one in RulePolicy._rule_key_to_state(key)}
    return sorted(value for value in found if isinstance(value, str))


def by_comparing_all(policy: RulePolicy, rules: dict[str, str], states: list[State]) -> set[str]:
    """Return what Rasa's own search returns."""
    backwards = list(enumerate(reversed(states)))
    return {key for key in rules if all(policy._is_rule_applicable(key, i, s) for i, s in backwards)}


@pytest.mark.parametrize("lookup", ["rules", "rules_for_loop_unhappy_path"])
def test_the_same_rules_hold(policy: RulePolicy, lookup: str) -> None:
    rules = policy.lookup[lookup]
    actions = st.sampled_from([None, LISTEN, *names(rules, "prev_action", "action_name")])
    intents = st.sampled_from([None, "never_heard", *names(rules, "user", "intent")])
    loops = st.sampled_from([None, "complaint_form", "quiz_form"])

    @given(st.lists(st.builds(state, actions, intents, loops), max_size=4))
    def check(states: list[State]) -> None:
        assert _possible_keys(policy, rules, states) == by_comparing_all(policy, rules, states)

    check()


def test_each_rule_is_found_by_its_own_states(policy: RulePolicy) -> None:
    rules = policy.lookup["rules"]
    for key in rules:
        states = RulePolicy._rule_key_to_state(key)
        assert key in RuleIndex(rules).near(states[-1])


@pytest.mark.parametrize(
    "text", ["您好", "投诉一般多久能处理完", "我要投诉，转账被扣了两次钱", "13812345678"]
)
def test_the_graph_gives_what_rasas_runner_gives(processor: Any, stock: Any, text: str) -> None:
    straight, target = processor.graph_runner, processor.model_metadata.nlu_target
    assert isinstance(straight, StraightRunner)
    understood = [
        runner.run(inputs=_inputs(text), targets=[target])[target][0].as_dict(only_output_properties=True)
        for runner in (straight, stock)
    ]
    assert understood[0] == understood[1]
    tracker = DialogueStateTracker.from_events("s", [ActionExecuted(LISTEN)], domain=processor.domain)
    tracker.update(UserUttered(text, understood[0]["intent"]), processor.domain)
    assert _chosen(straight, processor, tracker) == _chosen(stock, processor, tracker)


def test_the_same_is_done_whatever_was_said_before(processor: Any, stock: Any) -> None:
    intents = st.sampled_from(sorted(processor.domain.intents))
    interrupted = st.booleans()  # the form is left by itself after the sentence

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.tuples(intents, interrupted), min_size=1, max_size=8))
    def check(said: list[tuple[str, bool]]) -> None:
        tracker = DialogueStateTracker.from_events("s", [ActionExecuted(LISTEN)], domain=processor.domain)
        for intent, ends in said:
            tracker.update(UserUttered("话", {"name": intent, "confidence": 1.0}), processor.domain)
            for _ in range(3):
                chosen = _chosen(processor.graph_runner, processor, tracker)
                assert chosen == _chosen(stock, processor, tracker)
                action = processor.domain.action_names_or_texts[chosen.index(max(chosen))]
                tracker.update(ActionExecuted(action), processor.domain)
                if action.endswith("_form"):
                    tracker.update(ActiveLoop(None if ends else action), processor.domain)
                if action == LISTEN:
                    break

    check()


def _chosen(runner: Any, processor: Any, tracker: DialogueStateTracker) -> list[float]:
    target = processor.model_metadata.core_target
    return list(runner.run(inputs={PLACEHOLDER_TRACKER: tracker}, targets=[target])[target].probabilities)


def _inputs(text: str) -> dict[str, Any]:
    nobody = DialogueStateTracker.from_events("s", [])
    return {PLACEHOLDER_MESSAGE: [UserMessage(text)], PLACEHOLDER_TRACKER: nobody}
