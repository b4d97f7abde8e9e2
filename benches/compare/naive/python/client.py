"""Naive on purpose: each message parsed, base64 strings by number in a dict, joined, decoded once.

python client.py URL [--verify] [--fast]; --fast takes orjson and pybase64.
"""

import asyncio
import hashlib
import json
import sys
import time

import websockets

if "--fast" in sys.argv:
    import orjson
    import pybase64

    loads, decode = orjson.loads, pybase64.b64decode
else:
    import base64

    loads, decode = json.loads, base64.b64decode


async def main(url):
    begun = time.monotonic()
    chunks = {}
    async with websockets.connect(url, max_size=None) as socket:
        async for message in socket:
            frame = loads(message)
            if frame["type"] == "chunk":
                chunks[frame["seq"]] = frame["data"]
            elif frame["type"] == "complete":
                joined = "".join(chunks[seq] for seq in range(1, frame["totalChunks"] + 1))
                payload = decode(joined)
                seconds = time.monotonic() - begun
                break
    digest = hashlib.sha256(payload).hexdigest() if "--verify" in sys.argv else None
    print(json.dumps({"bytes": len(payload), "seconds": seconds, "sha256": digest}))


asyncio.run(main(sys.argv[1]))
