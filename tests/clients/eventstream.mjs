// Lets AWS's own codec for JavaScript write frames, and read ours.
// In (stdin): {"write": [message, ...], "read": [frame, ...]}; a message is {"headers": [[name, type, value], ...],
// "payload"}, bytes are base64, numbers text. Out: {"written": [frame, ...], "read": [message, ...]}.
import { EventStreamCodec, Int64 } from "@smithy/eventstream-codec";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString("utf8"),
  (text) => new Uint8Array(Buffer.from(text, "utf8")),
);

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

const fromText = {
  boolean: (value) => value === "True",
  byte: Number,
  short: Number,
  integer: Number,
  long: (value) => {
    const wide = Buffer.alloc(8);
    wide.writeBigInt64BE(BigInt(value));
    return new Int64(new Uint8Array(wide));
  },
  binary: bytes,
  string: (value) => value,
  timestamp: (value) => new Date(Number(value)),
  uuid: (value) => value,
};

function write({ headers, payload }) {
  const named = headers.map(([name, type, value]) => [name, { type, value: fromText[type](value) }]);
  return base64(codec.encode({ headers: Object.fromEntries(named), body: bytes(payload) }));
}

function shown(value) {
  if (value instanceof Int64) return Buffer.from(value.bytes).readBigInt64BE().toString();
  return value instanceof Uint8Array ? base64(value) : String(value);
}

function read(frame) {
  const { headers, body } = codec.decode(bytes(frame));
  const named = Object.entries(headers).map(([name, { type, value }]) => [name, type, shown(value)]);
  return { headers: named, payload: base64(body) };
}

let given = "";
for await (const piece of process.stdin) given += piece;
const asked = JSON.parse(given);
console.log(JSON.stringify({ written: asked.write.map(write), read: asked.read.map(read) }));
