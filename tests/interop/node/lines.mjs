// How a script and the test that started it talk: JSON values, one a line. The first line of each script names its package.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** What the test wants: the script's one argument. */
export const wanted = JSON.parse(process.argv[2]);

export const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Names the package that runs, in the version that is installed. */
export function introduce(name) {
  const manifest = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  tell({ package: name, version: JSON.parse(readFileSync(manifest, 'utf8')).version });
}

/** Ends with whoever started this. */
export const endWithParent = () => createInterface({ input: process.stdin }).on('close', () => process.exit());
