import { createHash, type KeyObject, randomBytes } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { AuditIndex, INDEX_FILE, jsonText, macOf, sealedLine } from "./audit-index.ts";
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
  #begun: { readonly key: KeyObject; readonly file: Promise<FileHandle>; readonly index: AuditIndex } | undefined;
  #mac: string;
  #records = 0;
  /** What of the chain is in the file for certain: to this it is cut back when a write fails half way, as on a full disk. */
  #kept: { readonly bytes: number; readonly records: number; readonly mac: string };
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
    this.#kept = { bytes: 0, records: 0, mac: this.#mac };
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
    const index = new AuditIndex(path.join(dir, INDEX_FILE), this.#now());
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
        const text = this.#sealed.splice(0).join("");
        if (text === "") return;
        const reached = { bytes: this.#kept.bytes + Buffer.byteLength(text), records: this.#records, mac: this.#mac };
        await (await this.#begun.file).appendFile(text);
        this.#kept = reached;
      } catch (cause) {
        this.#fail(cause);
        await this.#cutBack();
      }
    });
    return this.#written;
  }

  /** Half a record would look like a forgery for ever after. */
  async #cutBack(): Promise<void> {
    this.#records = this.#kept.records;
    this.#mac = this.#kept.mac;
    try {
      await (await this.#begun?.file)?.truncate(this.#kept.bytes);
    } catch {
      // There is no file, which was said already.
    }
  }

  #fail(cause: unknown): void {
    if (this.#failure === undefined)
      this.#options.log.error("The audit trail cannot be written; nothing will be changed any more", { cause });
    this.#failure = cause;
  }
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
