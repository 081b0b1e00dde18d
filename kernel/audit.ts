import { createHash, createHmac, type Hash, type KeyObject, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { canonicalJson } from "./canonical-json.ts";
import { readOrCreateKey } from "./key-file.ts";
import type { Log } from "./log.ts";
import type { Effect, Plan, Verification } from "./tool.ts";
import { redactValue, untrusted } from "./untrusted.ts";

/**
 * Who did what to which target, and what came of it: append-only JSON lines in the state folder, each bound by a keyed
 * hash to all before it.
 *
 * One process writes one chain, a file of its own, so that processes never wait for each other. `index.jsonl` names every
 * chain when it begins, when it has acted, and when it ends, with its length: that is how a removed or shortened chain is
 * noticed. An entry of the index covers, by a hash, every byte that was there before it; entries are appended by one
 * small write each, so no lock is needed, and none can be left behind by a process that was killed.
 *
 * What cannot be noticed from inside: the records after the last act of a process that did not end properly, and the
 * newest chains when they, their files and the end of the index are all removed together. `verifyAudit` prints the
 * index's head for whoever wants an anchor elsewhere, and takes one back.
 */
export type AuditRecord =
  | {
      readonly kind: "call";
      readonly call: string;
      readonly door: string;
      readonly caller: string;
      readonly server: string;
      readonly tool: string;
      readonly effect: Effect | null;
      readonly target: string | null;
      readonly arguments: unknown;
    }
  | {
      readonly kind: "decision";
      readonly call: string;
      readonly decision: "allow" | "ask" | "deny";
      readonly because: string;
      readonly rule: string;
    }
  | {
      readonly kind: "approval";
      readonly call: string;
      readonly approval: string;
      readonly answer: string;
      readonly by: string;
      readonly plan: Plan;
    }
  | { readonly kind: "act"; readonly call: string; readonly plan: Plan; readonly approvedBy: string }
  | {
      readonly kind: "outcome";
      readonly call: string;
      /** "ok" or the error's code. */
      readonly outcome: string;
      readonly because?: string | undefined;
      readonly durationMs: number;
      readonly result?: unknown;
      readonly verification?: Verification | undefined;
    };

export interface Audit {
  /** In order and soon, without waiting: for what changes nothing. */
  note(record: AuditRecord): void;
  /** On the disk when it resolves. Rejects when it cannot be: then nothing may be done. */
  write(record: AuditRecord): Promise<void>;
  /** Seals the chain. */
  close(): Promise<void>;
}

/** How long notes may wait for each other before they are written together. */
const GATHER_MS = 20;
const MAX_RECORD_CHARACTERS = 32_000;

export const AUDIT_KEY_FILE = "audit.key";
export const INDEX_FILE = "index.jsonl";

export interface AuditOptions {
  readonly dir: string;
  /** Who runs the process. */
  readonly operator: string;
  readonly log: Log;
  readonly now?: () => Date;
}

/** Touches nothing until the first record: a process that only lists its tools leaves no chain behind. */
export function openAudit(options: AuditOptions): Audit {
  return new Chain(options);
}

/** For tests and for a sandbox that is thrown away: keeps nothing. */
export const NO_AUDIT: Audit = { note: () => {}, write: async () => {}, close: async () => {} };

/** A class, because it is a lifetime: a key, an open file, the mac of the last record and what is still to be written. */
class Chain implements Audit {
  readonly #options: AuditOptions;
  readonly #id: string;
  #begun: { readonly key: KeyObject; readonly file: Promise<FileHandle>; readonly index: Index } | undefined;
  #mac: string;
  #records = 0;
  /** Not yet sealed: that takes longer than many a call, and can wait until they are written. */
  #noted: { readonly at: Date; readonly record: AuditRecord }[] = [];
  #sealed: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: AuditOptions) {
    this.#options = options;
    const started = (options.now?.() ?? new Date()).toISOString().replace(/[-:]|\.\d+/g, "");
    this.#id = `${started}-${process.pid}-${randomBytes(4).toString("hex")}`;
    this.#mac = this.#id;
  }

  note(record: AuditRecord): void {
    try {
      this.#take(record);
      this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS);
    } catch (cause) {
      this.#fail(cause);
    }
  }

  async write(record: AuditRecord): Promise<void> {
    const { key, file, index } = this.#take(record);
    this.#seal();
    const reached = { records: this.#records, head: this.#mac };
    await this.#flush();
    if (this.#failure !== undefined) throw this.#failure;
    await (await file).datasync();
    await index.append({ kind: "reached", chain: this.#id, ...reached }, key);
  }

  async close(): Promise<void> {
    if (this.#begun === undefined) return;
    const { key, file, index } = this.#begun;
    await this.#flush();
    try {
      const handle = await file;
      await handle.datasync();
      await index.append({ kind: "sealed", chain: this.#id, records: this.#records, head: this.#mac }, key);
      await handle.close();
    } catch (cause) {
      this.#fail(cause);
    }
    this.#begun = undefined;
    this.#failure ??= new Error("the audit trail is closed");
  }

  #take(record: AuditRecord) {
    if (this.#failure !== undefined) throw this.#failure;
    this.#begun ??= this.#begin();
    this.#noted.push({ at: this.#now()(), record });
    return this.#begun;
  }

  #seal(): void {
    if (this.#begun === undefined) return;
    for (const { at, record } of this.#noted.splice(0)) this.#chain(this.#begun.key, at, cleaned(record));
  }

  #begin() {
    const { dir, operator } = this.#options;
    const key = readOrCreateKey(path.join(dir, AUDIT_KEY_FILE));
    this.#chain(key, this.#now()(), { kind: "begin", chain: this.#id, operator, pid: process.pid });
    const index = new Index(path.join(dir, INDEX_FILE), this.#now());
    // Created before it is registered and filled after, so that a crash in between leaves an empty file and no false alarm.
    const file = open(path.join(dir, `${this.#id}.jsonl`), "ax", 0o600).then(async (handle) => {
      await index.append({ kind: "begun", chain: this.#id }, key);
      return handle;
    });
    file.catch(() => {}); // Whoever waits for it is told; nobody may be waiting yet.
    return { key, file, index };
  }

  #chain(key: KeyObject, at: Date, record: object): void {
    const text = jsonText({ seq: this.#records, at: at.toISOString(), ...record });
    this.#mac = macOf(key, this.#mac, text);
    this.#records += 1;
    this.#sealed.push(sealedLine(text, this.#mac));
  }

  #now() {
    return this.#options.now ?? (() => new Date());
  }

  /** One write at a time, in order; what came meanwhile goes with the next. */
  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#written = this.#written.then(async () => {
      if (this.#failure !== undefined || this.#begun === undefined) return;
      try {
        this.#seal();
        const lines = this.#sealed.splice(0);
        if (lines.length > 0) await (await this.#begun.file).appendFile(lines.join(""));
      } catch (cause) {
        this.#fail(cause);
      }
    });
    return this.#written;
  }

  #fail(cause: unknown): void {
    if (this.#failure === undefined)
      this.#options.log.error("The audit trail cannot be written; nothing will be changed any more", { cause });
    this.#failure = cause;
  }
}

/** The file that names the chains. Reads what others appended since it last looked, then appends with one write. */
class Index {
  readonly #file: string;
  readonly #now: () => Date;
  readonly #hash: Hash = createHash("sha256");
  #hashed = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string, now: () => Date) {
    this.#file = file;
    this.#now = now;
  }

  append(entry: object, key: KeyObject): Promise<void> {
    const done = this.#last.then(() => this.#append(entry, key));
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(entry: object, key: KeyObject): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await using handle = await open(this.#file, "a+", 0o600);
    const { size } = await handle.stat();
    if (size > this.#hashed) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - this.#hashed), 0, size - this.#hashed, this.#hashed);
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.#hashed += bytesRead;
    }
    const covers = { upTo: this.#hashed, digest: this.#hash.copy().digest("hex") };
    const text = jsonText({ at: this.#now().toISOString(), ...entry, ...covers });
    await handle.appendFile(sealedLine(text, macOf(key, INDEX_FILE, text)));
    await handle.datasync();
  }
}

/** Over the bytes as they are written, so that no other spelling of the same JSON passes. */
export function macOf(key: KeyObject, before: string, text: string | Buffer): string {
  return createHmac("sha256", key).update(before).update("\n").update(text).digest("hex");
}

/** Like JSON.stringify, for what it throws at: a big integer becomes a string. */
function jsonText(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

function sealedLine(text: string, mac: string): string {
  return `${text.slice(0, -1)},"mac":"${mac}"}\n`;
}

/** A record too large to keep whole keeps its beginning and the digest of all of it. */
function cleaned(record: AuditRecord): object {
  const clean: unknown = redactValue(record);
  const text = canonicalJson(clean);
  if (text.length <= MAX_RECORD_CHARACTERS) return { ...Object(clean) };
  const digest = createHash("sha256").update(text).digest("hex");
  const cut = (value: unknown) => (typeof value === "object" && value !== null ? untrusted(canonicalJson(value), 4_000) : value);
  return { ...Object.fromEntries(Object.entries(Object(clean)).map(([name, value]) => [name, cut(value)])), cutFrom: digest };
}
