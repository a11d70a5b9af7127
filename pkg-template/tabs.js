// What tabs tell each other (contract §6): that something was kept, never what. A message carries a kind and a number and whoever hears it
// looks for himself, so that a forged one costs a look.

import { attempt } from "./attempt.js";

const NAME = "talxis-broker";
const CHANGED = "changed";

export function createTabs(look) {
  let told = 0;
  const channel = attempt(() => new BroadcastChannel(NAME)); // Without one, alone.
  if (channel) channel.onmessage = ({ data }) => data?.v === 1 && data.kind === CHANGED && look();
  return {
    tell: () => channel?.postMessage({ v: 1, kind: CHANGED, sequence: ++told }),
  };
}
