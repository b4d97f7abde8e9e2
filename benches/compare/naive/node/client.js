// Naive on purpose: JSON.parse, base64 strings by number in a Map, joined at the end, decoded once.
// node client.js URL [--verify]
import { createHash } from "node:crypto";
import WebSocket from "ws";

const [url, verify] = process.argv.slice(2);
const begun = process.hrtime.bigint();
const chunks = new Map();
const socket = new WebSocket(url);

socket.on("message", (message) => {
  const frame = JSON.parse(message.toString());
  if (frame.type === "chunk") {
    chunks.set(frame.seq, frame.data);
  } else if (frame.type === "complete") {
    const parts = [];
    for (let seq = 1; seq <= frame.totalChunks; seq++) {
      parts.push(chunks.get(seq));
    }
    const payload = Buffer.from(parts.join(""), "base64");
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    const sha256 = verify ? createHash("sha256").update(payload).digest("hex") : null;
    console.log(JSON.stringify({ bytes: payload.length, seconds, sha256 }));
    process.exit(0);
  }
});
socket.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on("close", () => {
  console.error("the connection ended before the complete frame");
  process.exit(1);
});
