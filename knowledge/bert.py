"""Read one short text with a BERT model in half the time: same weights, same result, no detours."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch.nn import functional

log = logging.getLogger(__name__)
ROWS = 16  # pieces of a usual question: what packed weights are laid out for; any other number works, too
CLOSE = 1e-4
_SAMPLES = ("投诉一般多久能处理完", "我的资金安全怎么保障，出了事故你们会通知客户吗？ok")
_packed_linear = getattr(torch.ops.mkldnn, "_linear_pointwise", None)


class PackedLinear(torch.nn.Module):  # type: ignore[misc]
    """A linear layer whose weights lie as the processor reads them; it takes the place of the original."""

    def __init__(self, layer: torch.nn.Linear) -> None:
        super().__init__()
        self._weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), ROWS)
        self._bias = layer.bias.detach()

    def forward(self, states: torch.Tensor, activation: str = "none") -> torch.Tensor:
        """Return the layer's output, its activation applied."""
        how = "none" if activation == "gelu" else ""
        packed: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            states, self._weight, self._bias, activation, [], how
        )
        return packed


class QuickBert:
    """Runs a BERT model on one unpadded text. Make it with `quicken`, which checks that nothing changed."""

    def __init__(self, model: Any) -> None:
        self._embeddings = model.embeddings
        self._layers = list(model.encoder.layer)
        self._heads = int(model.config.num_attention_heads)

    def __call__(self, ids: torch.Tensor) -> torch.Tensor:
        """Return the last hidden states, shape (1, pieces, dim), of piece ids of shape (1, pieces)."""
        states = self._embed(ids[0])
        for layer in self._layers:
            attended = layer.attention.output.dense(self._attend(layer.attention.self, states))
            states = layer.attention.output.LayerNorm(attended + states)
            states = layer.output.LayerNorm(
                layer.output.dense(layer.intermediate.dense(states, "gelu")) + states
            )
        return states.unsqueeze(0)

    def _embed(self, ids: torch.Tensor) -> torch.Tensor:
        parts = self._embeddings
        words = functional.embedding(ids, parts.word_embeddings.weight)
        states = words + parts.token_type_embeddings.weight[0] + parts.position_embeddings.weight[: len(ids)]
        normalised: torch.Tensor = parts.LayerNorm(states)
        return normalised

    def _attend(self, attention: Any, states: torch.Tensor) -> torch.Tensor:
        pieces, size = states.shape
        query, key, value = (
            part(states).view(1, pieces, self._heads, -1).transpose(1, 2)
            for part in (attention.query, attention.key, attention.value)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return mixed[0].transpose(0, 1).reshape(pieces, size)


def quicken(transformer: Any) -> QuickBert | None:
    """Pack the linear layers of a sentence-transformers module in place and return its quick reader.

    Returns None, with everything as it was, for other models than BERT, where the processor's library has no
    packed layers, or where a sample comes out differently.
    """
    model = getattr(transformer, "auto_model", None)
    if not _suits(model):
        return None
    wanted = [_states(transformer, text) for text in _SAMPLES]
    originals = _pack(model)
    quick = QuickBert(model)
    try:
        got = [quick(_ids(transformer, text)) for text in _SAMPLES]
        if all(bool((one - other).abs().max() < CLOSE) for one, other in zip(got, wanted, strict=True)):
            return quick
    except (RuntimeError, AttributeError, TypeError) as error:
        log.warning("the quick reader cannot be used: %s", error)
    for parent, name, layer in originals:
        setattr(parent, name, layer)
    return None


def _suits(model: Any) -> bool:
    config = getattr(model, "config", None)
    return (
        type(model).__name__ == "BertModel"
        and config is not None
        and config.hidden_act == "gelu"
        and not config.is_decoder
        and getattr(config, "position_embedding_type", "absolute") in ("absolute", None)
        and model.dtype == torch.float32
        and torch.backends.mkldnn.is_available()
        and _packed_linear is not None
    )


def _pack(model: Any) -> list[tuple[torch.nn.Module, str, torch.nn.Linear]]:
    """Put packed layers in the place of the encoder's linear layers; return what was there."""
    found = [
        (parent, name, child)
        for parent in model.encoder.modules()
        for name, child in parent.named_children()
        if isinstance(child, torch.nn.Linear)
    ]
    for parent, name, child in found:
        setattr(parent, name, PackedLinear(child))
    return found


def _ids(transformer: Any, text: str) -> torch.Tensor:
    ids: torch.Tensor = transformer.preprocess([text])["input_ids"]
    return ids


def _states(transformer: Any, text: str) -> torch.Tensor:
    states: torch.Tensor = transformer(dict(transformer.preprocess([text])))["token_embeddings"]
    return states
