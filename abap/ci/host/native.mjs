// What the stubs of SAP's own classes do in JavaScript: bytes are hex texts, as in the runtime.
import {createHash, randomUUID} from "node:crypto";
import zlib from "node:zlib";

const bytes = (hex) => Buffer.from(hex, "hex");
const hex = (buffer) => buffer.toString("hex").toUpperCase();

const TABLE = Int32Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

export const native = {
  /** As a signed number, which is what ABAP's type i holds. */
  crc32(text) {
    let crc = -1;
    for (const byte of bytes(text)) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
    return ~crc;
  },
  deflate: (text) => hex(zlib.deflateRawSync(bytes(text))),
  sha256: () => createHash("sha256"),
  uuid: () => randomUUID().replaceAll("-", "").toUpperCase(),
  /** A value of the runtime for people. */
  show: (value) => JSON.stringify(value?.array?.() ?? value?.get?.() ?? String(value), (_, v) => (typeof v === "bigint" ? String(v) : v)),
};
