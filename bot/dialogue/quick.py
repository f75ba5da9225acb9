"""What Rasa would find out in every turn is found out once, or not at all where it makes no difference.

Once: the order of the graph, the rules of a state. Not at all: states before those that any rule looks at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event
from rasa.shared.core.trackers import DialogueStateTracker, State

_ACTION, _INTENT = (PREVIOUS_ACTION, "action_name"), (USER, "intent")
Sign = tuple[str, str]  # the last action and the intent of a state, "" for none or any


def quicken() -> None:
    """Let all of Rasa's rule policies and events of this process look up what they used to search for."""
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
    RulePolicy._get_possible_keys = _possible_keys
    # Actions run in this process, through rasa-sdk's own executor: their results have its form.
    RemoteAction._validate_action_result = lambda _action, _result: True


class StraightRunner:
    """Runs a loaded graph's nodes one after another, in an order that is found once for each target."""

    def __init__(self, loaded: Any) -> None:
        self._nodes = loaded._instantiated_nodes
        self._needs = {name: tuple(node.needs.values()) for name, node in loaded._graph_schema.nodes.items()}
        self._orders: dict[tuple[str, ...], list[str]] = {}

    def policies(self) -> list[RulePolicy]:
        """Return the rule policies among the nodes."""
        loaded = (node._component for node in self._nodes.values())
        return [component for component in loaded if isinstance(component, RulePolicy)]

    def run(self, inputs: Mapping[str, Any], targets: Sequence[str]) -> dict[str, Any]:
        """Return what each target puts out; `inputs` are what stands outside of the graph."""
        wanted = tuple(targets)
        order = self._orders.get(wanted)
        if order is None:
            order = self._orders[wanted] = self._order(wanted)
        done: dict[str, Any] = {name: (name, value) for name, value in inputs.items()}
        for name in order:
            done[name] = self._nodes[name](*(done.get(need, need) for need in self._needs[name]))
        return {name: done[name][1] for name in wanted}

    def _order(self, targets: Sequence[str]) -> list[str]:
        order: dict[str, None] = {}

        def visit(name: str) -> None:
            if name in self._needs and name not in order:
                for need in self._needs[name]:
                    visit(need)
                order[name] = None

        for target in targets:
            visit(target)
        return list(order)


class RuleIndex:
    """The rules of one lookup by the last action and the intent in which they end."""

    def __init__(self, rules: Mapping[str, str]) -> None:
        self.rules = rules
        self._by_sign: defaultdict[Sign, list[str]] = defaultdict(list)
        for key in rules:
            self._by_sign[_sign(RulePolicy._rule_key_to_state(key)[-1])].append(key)

    def near(self, state: State) -> set[str]:
        """Return the rules that may hold in a state: all that do, and some that do not."""
        action, intent = _sign(state)
        if not action:  # where conversations begin, Rasa compares nothing else
            return set(self.rules)
        signs = {(a, i) for a in (action, "") for i in (intent, "")}
        return {key for sign in signs for key in self._by_sign.get(sign, ())}


def _sign(state: State) -> Sign:
    action, intent = (state.get(part, {}).get(name) for part, name in (_ACTION, _INTENT))
    return _plain(action), _plain(intent)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and value != SHOULD_NOT_BE_SET else ""


def shorten(policy: RulePolicy) -> None:
    """Let a policy that is loaded, and learns no more, see no more states than its longest rule has."""
    rules = [key for found in policy.lookup.values() if isinstance(found, dict) for key in found]
    longest = max((len(RulePolicy._rule_key_to_state(key)) for key in rules), default=1)
    policy._prediction_states = partial(_last_states, policy.featurizer, longest)


def _last_states(
    featurizer: Any,
    longest: int,
    tracker: DialogueStateTracker,
    domain: Domain,
    use_text_for_last_user_input: bool = False,
    rule_only_data: object = None,
) -> list[State]:
    del rule_only_data  # of interest only to policies that learn
    events = tracker.applied_events()
    skipped = sum(isinstance(event, ActionExecuted) for event in events) + 1 - longest
    before, states = tracker.init_copy(), []
    for event in events:
        if isinstance(event, ActionExecuted):
            skipped -= 1
            if skipped < 0:
                states.append(domain._clean_state(domain.get_active_state(before)))
        before.update(event)
    states.append(domain._clean_state(domain.get_active_state(before)))
    featurizer._choose_last_user_input([states], use_text_for_last_user_input)
    return states


def _possible_keys(policy: RulePolicy, lookup: Mapping[str, str], states: list[State]) -> set[str]:
    """Return the rules that hold in all of these states, the last one looked up and the others compared."""
    index = policy.__dict__.setdefault("_quick", {}).get(id(lookup))
    if index is None or index.rules is not lookup:
        index = policy._quick[id(lookup)] = RuleIndex(lookup)
    keys = index.near(states[-1]) if states else set(lookup)
    for i, state in enumerate(reversed(states)):
        keys = {key for key in keys if policy._is_rule_applicable(key, i, state)}
    return keys
