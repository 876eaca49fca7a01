// Writes a .gz and a .br beside every built text that is smaller so. The server picks by Accept-Encoding.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = process.env.PAGE_OUT ?? fileURLToPath(new URL("../src/penstock/page", import.meta.url));
const text = /\.(js|css|svg)$/;

for (const name of readdirSync(folder, { recursive: true })) {
  if (!text.test(name)) continue;
  const plain = readFileSync(join(folder, name));
  const size = { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const small = { gz: gzipSync(plain, { level: 9 }), br: brotliCompressSync(plain, { params: size }) };
  for (const [ending, content] of Object.entries(small)) {
    if (content.length < plain.length) writeFileSync(join(folder, `${name}.${ending}`), content);
  }
}
