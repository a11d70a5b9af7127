// Reading foreign values. Bound by json.rs. Own members only: a page can put members on every object by way of its prototype.

export function member(value, name) {
  try {
    return Object.hasOwn(value, name) ? value[name] : undefined;
  } catch {
    return undefined; // No object, or a getter that throws.
  }
}

// JSON has no `undefined`: such a member is one that was left out.
export function names(value) {
  try {
    return Array.isArray(value) ? [] : Reflect.ownKeys(value).filter((name) => typeof name === "string" && value[name] !== undefined);
  } catch {
    return [];
  }
}
