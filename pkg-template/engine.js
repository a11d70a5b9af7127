// The host's side of the facade: the WebAssembly instance, and what has to be there before it can serve a call.
//
// A call waits for three things in turn: a configuration (configuration.js), the user of Power Apps (identity.js) and what an earlier page
// load left (vault.js); with that it may be answered before there is an instance (recall.js). An instance can die: a panic in Rust ends it
// in the middle of whatever it was doing, and promises that it owes would stay open for ever. So the calls are kept outside of it
// (calls.js): they are rejected, and the next one gets a fresh instance.

import { attempt } from "./attempt.js";
import { createCalls, plain } from "./calls.js";
import { cameBack, takeResponse } from "./comeback.js";
import { createConfiguration } from "./configuration.js";
import { failure, isFailure } from "./errors.js";
import { createIdentity } from "./identity.js";
import { compile, make } from "./instance.js";
import { isGood, recall, withAnswers } from "./recall.js";
import { prompt as texts } from "./texts.js"; // Made of texts/ by `cargo xtask dist`.
import { createTabs } from "./tabs.js";
import { createVault, HOST } from "./vault.js";

/* global PINS, VERSION -- inserted by `cargo xtask dist` */

// So many faults within a minute are no accident: starting again would only repeat them.
const MAX_FAULTS = 3;
const MOST = 256;
// Then the core is asked once more: it may be time to renew.
const AGAIN_MS = 60_000;
// What the vault keeps.
const SESSION = "session";
const DEPARTURE = "departure:";

export function createEngine(emit) {
  const vault = createVault();
  vault.begin(SESSION); // Before anything else, which can happen meanwhile.
  const configuration = createConfiguration((config) => use((broker) => broker.check(config)), emit);
  const identity = createIdentity();
  const calls = createCalls();
  const tabs = createTabs(() => {
    left = undefined;
    vault.begin();
    reread().catch(() => {});
  });
  let instance;
  // What the core gave from its cache, by the text of the request. As long as nothing changes an equal call gets the same, and the way
  // into the core and back takes several times as long as everything else about it.
  let given = new Map();
  // Which token was the answer to which request, in this page; and what earlier page loads knew of that.
  const said = new Map();
  let answers;
  // What an earlier page load or another tab left, until an instance goes on with it: { found, kept }, a promise and what it gave.
  let left;
  let restarts = 0;
  let faults = [];
  let lastFault;

  // What an instance is given. With `ended` it closes the windows, questions and mailboxes that a dead one left open.
  const hooksOf = (life, ended) => ({
    emit,
    ended,
    facts: identity.facts,
    texts,
    // Whether to ask by Power Apps' confirm dialog rather than by its notification bar.
    confirms: () => configuration.settled().config.prompt === "confirm",
    // Changes come in bursts; one look at their end is enough.
    changed() {
      given = new Map();
      if (life.saving) return;
      life.saving = true;
      left = undefined;
      life.kept = new Promise((resolve) => setTimeout(resolve)).then(() => {
        life.saving = false;
        // One that has died meanwhile, or dies of this, leaves what was kept before.
        if (instance !== life || !life.storage) return;
        const snapshot = attempt(() => withAnswers(use((broker) => broker.snapshot()), judges(), said, answers));
        if (snapshot === undefined) return;
        answers = snapshot?.answers;
        said.clear(); // Nothing here outlives the core's own memory.
        return vault.save(life.storage, SESSION, snapshot).then(() => {
          life.stored = vault.available;
          if (snapshot && isSignedOut()) attempt(() => use((broker) => broker.part())); // In another tab, meanwhile.
          tabs.tell();
        });
      });
    },
    // Around a turn among the tabs: what changed here is there for the others, and what they changed is here.
    kept: () => life.kept,
    reread: () => Promise.resolve(life.kept).then(reread).catch(() => {}),
    // A departure, for the page that comes back; false where nothing is kept.
    async keep(id, departure) {
      // Those of pages that never came back: their records ended (src/web/page.js).
      vault.forget((name) => name.startsWith(DEPARTURE) && !localStorage.getItem(`talxis-broker:pending:${name.slice(DEPARTURE.length)}`));
      await life.kept; // Who leaves to sign out leaves no session behind.
      await vault.save(life.storage, DEPARTURE + id, departure);
      return vault.available && life.storage !== "memory" && calls.isWanted(departure.correlationId);
    },
    prompting: calls.prompting,
  });

  // Every use of the instance. What it throws on purpose is a detail; anything else means that it is broken.
  function use(run) {
    const life = (instance ??= {});
    try {
      if (!life.broker) begin(life);
      return run(life.broker, life);
    } catch (thrown) {
      const detail = isFailure(thrown) && !(thrown instanceof Error);
      if (!detail) poison(life, `an exception (${String(thrown?.name)})`);
      if (!life.broker && instance === life) instance = undefined; // It never began.
      throw detail ? thrown : failure("internal", "The broker failed and starts afresh: try again.");
    }
  }

  function begin(life) {
    faults = faults.filter((at) => Date.now() - at < 60_000);
    if (faults.length >= MAX_FAULTS) {
      throw failure("internal", `The broker failed ${MAX_FAULTS} times within a minute, last at ${lastFault}. Reload the page.`);
    }
    const glue = make((file, line) => poison(life, line ? `${file}:${line}` : file));
    const ended = new AbortController();
    life.kill = () => {
      glue.kill(); // Late timers and events of the dead instance do nothing from here on.
      ended.abort("over");
    };
    compile(glue);
    life.broker = new glue.Broker(hooksOf(life, ended.signal), PINS);
  }

  function poison(life, place) {
    if (instance !== life) return;
    instance = undefined;
    given = new Map();
    faults.push(Date.now());
    restarts += 1;
    lastFault = place;
    life.kill?.();
    calls.failAll(failure("internal", `The broker failed at ${place} and starts afresh: try again.`));
  }

  // Whether a call can be served without waiting for anything.
  const isPrepared = () => instance?.restored && (configuration.here() === false || identity.complete());

  // `signIn()` stands in a click, which WebKit forgets while anything is waited for; and what an earlier page load left, it replaces.
  const canSignIn = () => configuration.settled() && (configuration.here() === false || identity.complete());

  // The same as before, if it is for the same user, and still good for so long as the core has it (cache.rs says so too).
  function again(text) {
    const known = given.get(text);
    if (!known) return undefined;
    const { at, result } = known;
    const now = Date.now();
    if (!(at <= now && now < at + AGAIN_MS && isGood(result, identity.user(), now))) return undefined;
    const { scopes, account } = result;
    return { ...result, scopes: [...scopes], account: { ...account }, correlationId: crypto.randomUUID() };
  }

  function configured() {
    const { config, clients } = configuration.settled();
    return use((broker, life) => {
      life.storage ??= broker.configure(config, clients);
      return life;
    });
  }

  // What decides about an answer beside what is asked, and by whom.
  const judges = () => JSON.stringify([VERSION, PINS, configuration.settled()]);

  // Gives the answer that an earlier page load got, if there is one that still holds; else there is an instance that can be asked.
  async function prepare(text) {
    await configuration.known();
    if (configuration.here() !== false) await identity.known();
    if (text && !instance?.restored && !cameBack() && identity.complete()) {
      const storage = configuration.settled().config?.storage ?? "session";
      if (/^(session|persistent)$/.test(storage)) await look(storage); // Anything else the core has to judge first.
      const answer = recall(left?.kept, judges(), text, identity.user(), Date.now());
      if (answer) return { ...answer, correlationId: crypto.randomUUID() };
    }
    await restore();
  }

  // As long as a sign-out stands nobody is signed in, whatever a tab that was just saving left.
  const load = async (storage) => {
    const kept = await vault.load(storage, SESSION);
    return isSignedOut() ? undefined : kept;
  };

  function look(storage) {
    if (!left) {
      const mine = left = { found: load(storage).then((kept) => mine.kept = kept) };
    }
    return left.found;
  }

  // Goes on with what an earlier page load left, unless it is not known whose page this is: then nothing stored is served.
  async function restore() {
    const life = configured();
    if (configuration.here() !== false && !identity.complete()) return;
    life.restoring ??= (async () => {
      if (cameBack()) await comeBack(life);
      do await look(life.storage); while (!left && !life.restored);
      if (instance === life) goOn(life);
    })();
    await life.restoring;
  }

  function goOn(life) {
    if (life.restored || !left) return;
    const { kept } = left;
    // One that is refused, or that an instance dies of, is not looked at again.
    if (kept && !attempt(() => use((broker) => broker.restore(kept)))) vault.save(life.storage, SESSION, null);
    if (kept) life.stored = true;
    answers = kept?.of === judges() ? kept.answers : undefined;
    life.restored = true;
    left = undefined;
  }

  // Whoever asks for more than a token finds an instance that goes on with what was answered from already.
  function awake() {
    if (left && "kept" in left) attempt(() => goOn(configured()));
    return instance;
  }

  // Behind an answer that was kept the core hears of the call: it may be time to renew. It asks nobody.
  async function follow(input) {
    await prepare();
    await use((broker) => broker.account && broker.getToken({ ...input, interaction: "never" }));
  }

  // Another tab kept something else; nothing, where this one had kept something, is a sign-out. What this one is about to keep itself comes after that, and is told in turn.
  async function reread() {
    const life = instance;
    if (life?.restored && isSignedOut()) attempt(() => use((broker) => broker.part())); // Whatever is stored, or not.
    const isIdle = () => instance === life && life?.restored && life.storage !== "memory" && !life.saving;
    if (!isIdle()) return;
    const stored = await load(life.storage);
    given = new Map(); // Another tab may have met a challenge.
    if (isIdle() && vault.available) attempt(() => use((broker) => (stored ? broker.restore(stored) : life.stored && broker.part())));
    if (stored) life.stored = true;
  }

  // A sign-in that left the page and did not succeed is over: listeners hear of it, and the next call asks anew.
  async function comeBack(life) {
    const id = cameBack();
    const departure = await vault.load(life.storage, DEPARTURE + id);
    const response = takeResponse(id);
    vault.save(life.storage, DEPARTURE + id, null);
    if (departure?.verifier && response !== undefined && instance === life) await use((broker) => broker.comeBack(departure, response)).catch(() => {});
  }

  if (cameBack()) prepare().catch(() => {});

  // Apart, so that it holds nothing of the request, which may be a frame's.
  const work = (method, text) => async (input, isOpen) => {
    // At once where it can be: a click lets a window open only for a moment.
    if (method === "signIn" && canSignIn()) configured();
    else if (!isPrepared()) {
      const kept = await prepare(text);
      if (kept) setTimeout(() => follow(input).catch(() => {}));
      if (kept) return kept;
    }
    if (!isOpen()) return;
    const mine = given;
    const answer = await use((broker) => broker[method](input));
    if (text && !input.claims && !input.forceRefresh) {
      if (said.size < MOST) said.set(text, answer.accessToken);
      if (answer.fromCache && mine.size < MOST) mine.set(text, { at: Date.now(), result: plain(answer) });
    }
    // Whoever reloads the page right after this is not signed in again by what was kept.
    if (method === "signOut") await vault.save(undefined, SESSION, null).then(tabs.tell);
    return answer;
  };

  return {
    isHost: true,
    ready: configuration.known,
    clients: configuration.clients,
    account() {
      return awake() ? use((broker) => broker.account) : null;
    },
    configure(value) {
      configuration.configure(plain(value));
    },
    call(method, request) {
      // Read once: a getter or a `toJSON` of the caller's could say something else the next time.
      const whole = JSON.stringify(request ?? {});
      const input = JSON.parse(whole);
      const signal = request?.signal;
      // Who names a call is answered under that name.
      const text = method === "getToken" && !input.correlationId && whole;
      return (text && !signal?.aborted && again(text)) || calls.begin(input, signal, work(method, text));
    },
    diagnostics() {
      awake();
      return plain({
        ...(instance && use((broker) => broker.diagnostics())),
        restarts,
        lastFault,
        storage: vault.available && instance?.stored !== false ? instance?.storage : "unavailable",
        failures: calls.failures,
      });
    },
  };
}

// As src/web/page.js says it to all tabs, until somebody signs in.
function isSignedOut() {
  return attempt(() => document.cookie.split("; ").includes(`${HOST}talxis-broker-signed-out=1`));
}
