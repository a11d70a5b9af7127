// Prints raw, gzip and brotli size of each file, one line each: what a browser loads, compressed as well as servers can.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

for (const path of process.argv.slice(2)) {
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  console.log(bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length);
}
