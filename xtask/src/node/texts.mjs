// Prints the texts of the solution, one line each: the language as Power Apps calls it, the key, and the text, with tabs between them.
import { readFileSync } from "node:fs";

for (const path of process.argv.slice(2)) {
  // As a module, whatever the folder's package.json says.
  const { prompt, ribbon, solution } = await import(`data:text/javascript,${encodeURIComponent(readFileSync(path, "utf8"))}`);
  for (const [key, text] of Object.entries({ ...ribbon, ...solution })) console.log([prompt.lcid, key, text].join("\t"));
}
