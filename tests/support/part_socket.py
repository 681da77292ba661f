"""A client of the part socket, after docs/reference/live-socket.md and nothing else."""

import asyncio
import dataclasses
import json
import struct

import websockets

INDEPENDENT, SKIPPED, NEW_RUN = 1, 2, 4


@dataclasses.dataclass
class Init:
    slot: int
    told: dict  # mime, rendition, width, height, run
    data: bytes


@dataclasses.dataclass
class Part:
    slot: int
    flags: int
    recording: int
    number: int
    utc_us: int
    media_90k: int
    duration_90k: int
    data: bytes


def parse(message):
    """An Init, a Part, or the dict of a text message. ValueError for anything else."""
    if isinstance(message, str):
        return json.loads(message)
    kind, slot = message[0], message[1]
    if kind == 1:
        (length,) = struct.unpack_from(">H", message, 2)
        return Init(slot, json.loads(message[4 : 4 + length]), message[4 + length :])
    if kind == 2:
        values = struct.unpack_from(">QIqqI", message, 4)
        return Part(slot, message[2], *values, message[36:])
    raise ValueError(f"binary message of kind {kind}")


def subscription(slot, feed, rendition="auto", audio=False, codecs=("avc1", "mp4a", "opus")):
    return {"subscribe": {"slot": slot, "feed": feed, "rendition": rendition, "audio": audio,
                          "codecs": list(codecs)}}  # fmt: skip


async def watch(port, messages, enough, timeout_s=30):
    """Sends the messages, then gathers what comes until enough(list) is true."""
    got = []
    async with websockets.connect(f"ws://127.0.0.1:{port}/live/socket", max_size=None) as socket:
        for message in messages:
            await socket.send(json.dumps(message))
        end = asyncio.get_running_loop().time() + timeout_s
        while not enough(got):
            left = end - asyncio.get_running_loop().time()
            try:
                got.append(parse(await asyncio.wait_for(socket.recv(), max(0.01, left))))
            except asyncio.TimeoutError:
                raise AssertionError(f"not enough within {timeout_s} s: {brief(got)}") from None
    return got


def brief(messages):
    return [
        message if isinstance(message, dict) else (type(message).__name__, message.slot)
        for message in messages[-20:]
    ]


def parts_of(messages, slot=None):
    return [
        one for one in messages if isinstance(one, Part) and (slot is None or one.slot == slot)
    ]
