// What throws is absent: foreign objects, storage that the browser's settings refuse, texts that are not JSON.

export function attempt(run) {
  try {
    return run();
  } catch {
    return undefined;
  }
}

export function parse(text) {
  return attempt(() => JSON.parse(text));
}
