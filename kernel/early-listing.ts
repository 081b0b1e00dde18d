import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Hello, negotiatedVersion } from "./hello.ts";
import type { StdinLines } from "./stdin-lines.ts";

/**
 * Answers `initialize` and `tools/list` from what the same command listed last time, while the program still loads.
 *
 * A host starts every server for every window and shows nothing until all have listed their tools. Loading the schemas
 * takes most of our start, and the listing is the same each time. The memory is keyed by everything that went into it;
 * should it be wrong all the same, the client is told by `notifications/tools/list_changed`. Calls are never answered
 * here: they wait for the one road. This file and what it imports are all that is loaded before.
 */
export interface Listing {
  readonly hello: Hello;
  readonly tools: readonly object[];
}

export interface ListingMemory {
  /** Null when this command has not listed anything yet, or what it depends on has changed. */
  recall(): Listing | null;
  /**
   * True when it had to be written: nothing, or something else, was remembered. Never fails: without a cache it is slower.
   * `alsoOn` are files that it depends on as well, whose names were not known before the first ones were read: the policy.
   */
  remember(listing: Listing, alsoOn?: readonly string[]): boolean;
}

export interface ListingKey {
  /** The cache folder. */
  readonly folder: string;
  /** Whatever decides what is listed: version, arguments, caller, which variables are set. No secret: it is written down. */
  readonly circumstances: readonly (string | boolean)[];
  /** Files whose change, appearance or disappearance makes the memory void. */
  readonly files: readonly string[];
}

export function listingMemory({ folder, circumstances, files }: ListingKey): ListingMemory {
  const key = JSON.stringify([circumstances, files.map((file) => [file, stateOf(file)])]);
  const file = path.join(folder, "listings", `${fingerprint(JSON.stringify([circumstances, files]))}.json`);
  let remembered: string | null = null;
  return {
    recall() {
      try {
        const text = readFileSync(file, "utf8");
        const stored: unknown = JSON.parse(text);
        if (!isStored(stored) || stored.key !== key) return null;
        if (stored.alsoOn.some(([name, state]) => stateOf(name) !== state)) return null;
        remembered = text;
        return stored.listing;
      } catch {
        return null;
      }
    },
    remember(listing, alsoOn = []) {
      const text = JSON.stringify({ key, alsoOn: alsoOn.map((name) => [name, stateOf(name)]), listing });
      if (text === remembered) return false;
      try {
        mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
        const draft = `${file}.${process.pid}`;
        writeFileSync(draft, text, { mode: 0o600 });
        renameSync(draft, file);
      } catch {
        // A read-only home: the next start is as slow as this one.
      }
      return true;
    },
  };
}

export interface EarlyAnswers {
  /** A response to something that was answered already: not to be sent again. */
  isAnswered(message: object): boolean;
  /** Whether a listing went out early. */
  readonly hasListed: boolean;
  /**
   * When to load the rest: the listing went out, somebody wants more than that, or nobody has asked for a while. Loading
   * keeps the event loop busy, so that what comes meanwhile is answered after it.
   */
  readonly done: Promise<void>;
  /** From now on the session answers. */
  stop(): void;
}

/** Between a host's `initialize` and its `tools/list` is one round trip. */
const PATIENCE_MS = 300;

export function answerEarly(lines: StdinLines, listing: Listing, write: (message: object) => void): EarlyAnswers {
  const answered = new Set<unknown>();
  let hasListed = false;
  let isStopped = false;
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  setTimeout(finish, PATIENCE_MS).unref();
  const respond = (id: unknown, result: object) => {
    answered.add(id);
    write({ jsonrpc: "2.0", id, result });
  };
  lines.peek((line) => {
    if (isStopped) return;
    const { jsonrpc, id, method, params } = requestIn(line);
    if (jsonrpc !== "2.0" || (typeof id !== "string" && typeof id !== "number") || answered.has(id)) return;
    if (method === "initialize") {
      const wanted = typeof params === "object" && params !== null && "protocolVersion" in params ? params.protocolVersion : undefined;
      respond(id, { protocolVersion: negotiatedVersion(wanted), ...listing.hello });
    } else if (method === "tools/list") {
      hasListed = true;
      respond(id, { tools: listing.tools });
      finish();
    } else finish();
  });
  lines.onEnd(finish);
  return {
    get hasListed() {
      return hasListed;
    },
    done,
    isAnswered: (message) => "id" in message && ("result" in message || "error" in message) && answered.delete(message.id),
    stop() {
      isStopped = true;
    },
  };
}

function requestIn(line: string): Readonly<Record<string, unknown>> {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === "object" && message !== null ? { ...message } : {};
  } catch {
    return {};
  }
}

function stateOf(file: string): string {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? "absent" : `${found.mtimeMs}:${found.size}:${found.ino}`;
  } catch {
    return "not to be seen";
  }
}

/** FNV-1a, for a file's name only: the whole key is compared. node:crypto would cost a tenth of the start. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}

interface Stored {
  readonly key: string;
  readonly alsoOn: readonly (readonly [file: string, state: string])[];
  readonly listing: Listing;
}

function isStored(value: unknown): value is Stored {
  if (typeof value !== "object" || value === null || !("key" in value) || !("listing" in value)) return false;
  const { listing } = value;
  return (
    typeof value.key === "string" &&
    "alsoOn" in value &&
    Array.isArray(value.alsoOn) &&
    value.alsoOn.every((one) => Array.isArray(one) && typeof one[0] === "string") &&
    typeof listing === "object" &&
    listing !== null &&
    "hello" in listing &&
    typeof listing.hello === "object" &&
    "tools" in listing &&
    Array.isArray(listing.tools)
  );
}
