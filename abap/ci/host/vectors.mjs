// Runs the protocol's test vectors (tests/vectors) on the transpiled classes: what a server reads, and the
// frames that it writes, byte for byte.
import assert from "node:assert/strict";
import fs from "node:fs";
import {initializeABAP} from "../output/init.mjs";

const FOLDER = new URL("../../../tests/vectors/", import.meta.url);
/** How many there are at least of each kind, so that none gets lost unseen. */
const LEAST = {incoming: 30, control: 27, resume: 27, request: 54, frame: 700, binary: 4};
/** Counts on this side are ABAP's type i. */
const LARGEST = 2147483647;

await initializeABAP();
const {abap} = globalThis;
const {Classes, types} = abap;

const string = (text) => new types.String().set(text);
const integer = (number) => new types.Integer().set(number);
const flag = (is) => new types.Character(1).set(is ? "X" : "");
const isTrue = (value) => value.get() === "X";
const count = (number) => Math.min(Number(number), LARGEST);

/** The code of what `call` raises, or what it gives. */
async function outcome(call) {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Classes["ZCX_LONGHAUL"])) throw error;
    return {code: error.code.get(), message: error.message.get()};
  }
}

/** A JSON value that was read by the class under test. */
function value(node) {
  const json = node.get();
  switch (json.kind.get()) {
    case "object":
      return Object.fromEntries(json.members.array().map((row) => [row.get().name.get(), value(row.get().value)]));
    case "list":
      return json.items.array().map((row) => value(row));
    case "text":
      return json.text.get();
    default:
      return JSON.parse(json.text.get());
  }
}

async function read(text) {
  return outcome(async () => (await Classes["ZCL_LONGHAUL_REQUEST"].read({text: string(text)})).get());
}

/** A request in the form that the vectors have. */
function described(request) {
  const asked = request.chunk_bytes.get();
  const described = {
    id: request.id.get(),
    domain: request.domain.get(),
    action: request.action.get(),
    params: value(request.params),
    stream: isTrue(request.is_stream),
    chunkSize: asked < 0 ? null : asked,
    features: request.features.array().map((row) => row.get()).sort(),
  };
  if (request.operation.get() !== "") described.operation = request.operation.get();
  if (request.window.get() > 0) described.window = request.window.get();
  return described;
}

const unreadable = (got) => assert.equal(got.code, "PARSE_ERROR");

const kinds = {
  async incoming(one) {
    const got = await read(one.text);
    if (one.outcome.error !== undefined) return unreadable(got);
    const expected = {...one.outcome.request};
    expected.features = [...expected.features].sort();
    assert.deepEqual(described(got), expected);
  },

  async request(one) {
    const got = described(await read(one.text));
    const has = (feature) => one.agreed.includes(feature);
    assert.deepEqual([got.id, got.domain, got.action], [one.id, one.domain, one.action]);
    assert.equal(got.stream, one.mode === "stream");
    assert.equal(got.chunkSize, got.stream ? (one.chunkSize ?? null) : null);
    assert.deepEqual(got.features, [...one.agreed].sort());
    assert.equal(got.operation, has("resume") ? (one.operation ?? undefined) : undefined);
    assert.equal(got.window, has("credit") && one.window ? count(one.window) : undefined);
  },

  async control(one) {
    const request = await read(one.text);
    assert.equal(request.domain.get(), "stream");
    const steering = Classes["ZCL_LONGHAUL_STEERING"];
    const params = {params: request.params};
    const got = await outcome(async () => {
      switch (request.action.get()) {
        case "cancel":
          return {cancel: {target: (await steering.read_target(params)).get()}};
        case "credit": {
          const credit = (await steering.read_credit(params)).get();
          return {credit: {target: credit.target.get(), upTo: credit.up_to.get()}};
        }
        case "release":
          return {release: {operation: (await steering.read_key(params)).get()}};
        default:
          return {code: "UNKNOWN_ACTION"};
      }
    });
    if (one.outcome.error !== undefined) return refused(got, one.outcome);
    const expected = structuredClone(one.outcome);
    if (expected.credit) expected.credit.upTo = count(expected.credit.upTo);
    assert.deepEqual(got, expected);
  },

  async resume(one) {
    const request = await read(one.text);
    const got = await outcome(async () =>
      (await Classes["ZCL_LONGHAUL_STEERING"].read_resume({params: request.params})).get());
    if (one.outcome.error !== undefined) return refused(got, one.outcome);
    const {resume} = one.outcome;
    assert.deepEqual(
      [got.operation.get(), got.epoch.get(), got.next.get(), got.offset.get(), got.sha256.get()],
      [resume.operation, resume.epoch, count(resume.nextSeq), count(resume.offset), resume.sha256],
    );
    const {stream, chunkSize, features, window = null} = described(request);
    assert.deepEqual(
      {stream, chunkSize, features, window},
      {stream: resume.stream, chunkSize: resume.chunkSize, features: [...resume.features].sort(), window: resume.window},
    );
  },

  /** Each message that a server of this kind would write, it writes in just this way. */
  async frames(one) {
    for (const text of one.messages.filter((message) => typeof message === "string")) {
      const written = await rewritten(text);
      if (written === undefined) continue;
      assert.equal(written, text);
      tally("frame");
    }
    return "uncounted";
  },

  async binary(one) {
    const {header} = one;
    // Larger numbers than ABAP's are for others, and the CRC is always sent.
    if (!header || header.flags !== 1 || Math.max(header.alias, header.seq, header.offset) > LARGEST) return "uncounted";
    const hex = one.hex.replaceAll(" ", "").toUpperCase();
    const chunk = slice(header.seq, header.offset, hex.slice(64));
    const {binary_chunk: write} = Classes["ZCL_LONGHAUL_FRAMES"];
    const written = (await write({alias: integer(header.alias), chunk})).get();
    // A case may have another checksum than its bytes.
    const crc = (text) => text.slice(0, 48) + text.slice(56);
    assert.equal(crc(written), crc(hex));
  },
};

function refused(got, {error, param}) {
  assert.equal(got.code, error);
  if (param !== undefined) assert.equal(got.message, `parameter ${param} is required`);
}

function slice(seq, offset, hex) {
  return new types.Structure({
    seq: integer(seq),
    offset: integer(offset),
    data: new types.XString().set(hex),
  });
}

/** A text of a server as this one writes it; nothing where it is none that this one writes. */
async function rewritten(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame?.id !== "string" || JSON.stringify(frame) !== text) return undefined;
  // Half a surrogate pair is no text that ABAP's UTF-8 has.
  if (/\\ud[89a-f]/.test(text)) return undefined;
  const order = Object.keys(frame).join();
  if (!order.startsWith(frame.type === undefined ? "id" : "id,type")) return undefined;
  const keys = Object.keys(frame).filter((key) => key !== "id" && key !== "type").join();
  const numbers = ["done", "total", "seq", "offset", "totalChunks", "size", "ttl", "chunkSize", "alias"];
  const isOurs = numbers.every((key) => frame[key] === undefined || isCount(frame[key]));
  const isText = ["message", "item", "code", "epoch", "sha256", "crc32"]
    .every((key) => frame[key] === undefined || typeof frame[key] === "string");
  if (!isOurs || !isText) return undefined;
  const frames = await new Classes["ZCL_LONGHAUL_FRAMES"]().constructor_({id: string(frame.id)});
  const data = frame.data === undefined ? undefined : string(JSON.stringify(frame.data));
  const isDigest = /^[0-9a-f]{64}$/.test(frame.sha256 ?? "0".repeat(64));
  const write = async (method, parameters) => (await frames[method](parameters)).get();
  switch (`${frame.type}:${keys}`) {
    case "progress:done,total,message":
      return write("progress", {done: integer(frame.done), total: integer(frame.total), message: string(frame.message)});
    case "warning:item,code,message":
      return write("warning", {item: string(frame.item), code: string(frame.code), message: string(frame.message)});
    case "accepted:epoch,ttl,chunkSize":
    case "accepted:epoch,ttl,chunkSize,alias":
    case "accepted:chunkSize,alias": {
      if (frame.epoch === "" || frame.alias === 0) return undefined;
      const parameters = {chunk_bytes: integer(frame.chunkSize)};
      if (frame.epoch !== undefined) {
        parameters.epoch = string(frame.epoch);
        parameters.ttl = new types.Integer8().set(frame.ttl);
      }
      if (frame.alias !== undefined) parameters.alias = integer(frame.alias);
      return write("accepted", parameters);
    }
    case "chunk:seq,data":
    case "chunk:seq,data,offset,crc32": {
      const bytes = Buffer.from(String(frame.data), "base64");
      if (bytes.toString("base64") !== frame.data) return undefined;
      const hex = bytes.toString("hex").toUpperCase();
      const crc = (await Classes["ZCL_LONGHAUL_CODEC"].crc32({bytes: new types.XString().set(hex)})).get().toLowerCase();
      if (frame.crc32 !== undefined && frame.crc32 !== crc) return undefined;
      const chunk = slice(frame.seq, frame.offset ?? 0, hex);
      return write("chunk", {chunk, has_checksum: flag(frame.crc32 !== undefined)});
    }
    case "complete:success,totalChunks,data":
    case "complete:success,totalChunks,size,sha256,data":
      if (frame.success !== true || !isDigest) return undefined;
      return write("complete", {
        chunks: integer(frame.totalChunks),
        size: integer(frame.size ?? 0),
        sha256: string(frame.sha256 ?? ""),
        data,
      });
    case "undefined:success":
    case "undefined:success,data":
      return frame.success === true ? write("answer", data === undefined ? {} : {data}) : undefined;
    case "error:success,error":
    case "undefined:success,error": {
      const {code, message, retryAfterMs} = frame.error ?? {};
      const inner = Object.keys(frame.error ?? {}).join();
      const isComplete = inner === "code,message" || inner === "code,message,retryAfterMs";
      const isPlain = typeof code === "string" && typeof message === "string";
      if (frame.success !== false || !isComplete || !isPlain || retryAfterMs === 0) return undefined;
      if (retryAfterMs !== undefined && !isCount(retryAfterMs)) return undefined;
      const error = await new Classes["ZCX_LONGHAUL"]().constructor_({
        code: string(code),
        message: string(message),
        retry_after_ms: integer(retryAfterMs ?? 0),
      });
      return write("error", {error: error.me, is_stream: flag(frame.type === "error")});
    }
    default:
      return undefined;
  }
}

function isCount(number) {
  return Number.isInteger(number) && number >= 0 && number <= LARGEST;
}

const tallies = {};
const tally = (kind) => (tallies[kind] = (tallies[kind] ?? 0) + 1);
const failures = [];
for (const file of fs.readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort()) {
  for (const one of JSON.parse(fs.readFileSync(new URL(file, FOLDER), "utf8")).cases) {
    const check = kinds[one.kind];
    if (check === undefined) continue;
    try {
      if ((await check(one)) !== "uncounted") tally(one.kind);
    } catch (error) {
      failures.push(`${file}: ${one.name}: ${error.message}`);
    }
  }
}
for (const [kind, least] of Object.entries(LEAST)) {
  if ((tallies[kind] ?? 0) < least) failures.push(`only ${tallies[kind] ?? 0} of ${kind}, ${least} expected`);
}
console.log(Object.entries(tallies).map(([kind, number]) => `${number} ${kind}`).join(", "));
if (failures.length > 0) {
  console.error(failures.join("\n"));
  process.exit(1);
}
