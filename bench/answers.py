"""What the mock upstreams answer and the load generators ask: fixed bytes, so that a wrong body is seen."""

import json

MODEL, STREAM_MODEL = "bench-model", "bench-stream"
PROMPT_TOKENS, OUTPUT_TOKENS, CHUNKS, CHUNK_S = 19, 50, 50, 0.005
ASK = {
    "model": MODEL,
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Tell me a story about a fox and a dog, please."},
    ],
    "max_tokens": 64,
}
USAGE = {
    "prompt_tokens": PROMPT_TOKENS,
    "completion_tokens": OUTPUT_TOKENS,
    "total_tokens": PROMPT_TOKENS + OUTPUT_TOKENS,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
STORY = "The quick brown fox jumps over the lazy dog. " * 3


def request(**changes: object) -> bytes:
    """Return the body of a call."""
    return json.dumps(ASK | changes).encode()


def answer() -> str:
    """Return the body of an answer that is not streamed."""
    message = {"role": "assistant", "content": STORY.strip(), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps(_head("chat.completion") | {"choices": [choice], "usage": USAGE})


def chunks() -> list[bytes]:
    """Return the events of a streamed answer, usage and [DONE] in the last."""
    words = [{"index": 0, "delta": {"content": f" word{i}"}, "finish_reason": None} for i in range(CHUNKS - 1)]
    events = [_event({"choices": [word]}) for word in words]
    return [*events, _event({"choices": [], "usage": USAGE}) + b"data: [DONE]\n\n"]


def _event(rest: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(_head("chat.completion.chunk") | rest).encode() + b"\n\n"


def _head(kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-abc123", "object": kind, "created": 1_700_000_000, "model": MODEL}
