import { createHash, type KeyObject } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AUDIT_KEY_FILE } from "./audit.ts";
import { INDEX_FILE, macOf } from "./audit-index.ts";
import { isCode, readKey } from "./key-file.ts";

/**
 * Reads the audit trail back: `verifyAudit` proves it whole or names the first broken record of each chain, `readAudit`
 * lists its records. Changes nothing; never writes a key.
 */
export interface ChainVerdict {
  readonly chain: string;
  readonly records: number;
  /** "open": the process still runs, or was killed; what came after its last act may be missing without a trace. */
  readonly state: "sealed" | "open";
  readonly broken: Broken | null;
}

export interface Broken {
  /** Counted from 0; the line of the file less one. */
  readonly record: number;
  readonly because: string;
}

export interface AuditVerdict {
  readonly isWhole: boolean;
  readonly chains: readonly ChainVerdict[];
  readonly index: { readonly entries: number; readonly head: string | null; readonly broken: Broken | null };
}

/** What `verifyAudit` said earlier, kept where the trail's owner cannot reach it. */
export interface Anchor {
  readonly entries: number;
  readonly head: string;
}

export async function verifyAudit(dir: string, anchor?: Anchor): Promise<AuditVerdict> {
  const files = await chainFiles(dir);
  const index = await readIndexFile(dir);
  if (files.length === 0 && index === undefined && anchor === undefined) {
    return { isWhole: true, chains: [], index: { entries: 0, head: null, broken: null } };
  }
  const key = readKey(path.join(dir, AUDIT_KEY_FILE));
  if (key === undefined) {
    return {
      isWhole: false,
      chains: [],
      index: { entries: 0, head: null, broken: { record: 0, because: `${AUDIT_KEY_FILE} is missing` } },
    };
  }
  const read = checkIndex(index ?? Buffer.alloc(0), key, anchor);
  const names = [...new Set([...read.chains.keys(), ...files])];
  const chains = await Promise.all(names.map((chain) => checkChain(dir, chain, read.chains.get(chain), key)));
  return {
    isWhole: read.broken === null && chains.every(({ broken }) => broken === null),
    chains: chains.filter(({ records, broken }) => records > 0 || broken !== null),
    index: { entries: read.entries, head: read.head, broken: read.broken },
  };
}

const Shown = z.looseObject({ seq: z.number(), at: z.string(), kind: z.string(), call: z.string().optional() });
export type ShownRecord = z.output<typeof Shown> & { readonly chain: string };

/** Newest last. Broken lines are left out: `verifyAudit` names them. */
export async function readAudit(dir: string, { limit = 100, since }: { limit?: number; since?: Date } = {}): Promise<ShownRecord[]> {
  const records: ShownRecord[] = [];
  for (const chain of await chainFiles(dir)) {
    for (const line of linesOf(await readFile(path.join(dir, `${chain}.jsonl`)))) {
      const shown = Shown.safeParse(asJson(line.toString()));
      if (shown.success && (since === undefined || new Date(shown.data.at) >= since)) records.push({ ...shown.data, chain });
    }
  }
  return records.toSorted((a, b) => a.at.localeCompare(b.at) || a.chain.localeCompare(b.chain) || a.seq - b.seq).slice(-limit);
}

const IndexEntry = z.looseObject({
  kind: z.enum(["begun", "reached", "sealed"]),
  chain: z.string(),
  records: z.number().optional(),
  head: z.string().optional(),
  upTo: z.number(),
  digest: z.string(),
});

/** What the index says of one chain: the lengths that it is known to have had, with the mac of the record there. */
interface Promised {
  readonly reached: Map<number, string>;
  sealed: number | undefined;
}

function checkIndex(content: Buffer, key: KeyObject, anchor: Anchor | undefined) {
  const chains = new Map<string, Promised>();
  const macs = new Set<string>();
  const hash = createHash("sha256");
  /** The digest of everything before each line. Writers at the same time may cover the same, and append in any order. */
  const digests = new Map<number, string>();
  let offset = 0;
  let head: string | null = null;
  const stop = (because: string) => ({ chains, entries: macs.size, head, broken: { record: macs.size, because } });

  for (const line of linesOf(content)) {
    digests.set(offset, hash.copy().digest("hex"));
    const found = unseal(line, key, INDEX_FILE);
    if (found.kind === "broken") return stop(found.because);
    const parsed = IndexEntry.safeParse(found.record);
    if (!parsed.success) return stop("not an entry of the index");
    const { kind, chain, records, head: reached, upTo, digest } = parsed.data;
    if (macs.has(found.mac)) return stop("the entry is there twice");
    if (digests.get(upTo) !== digest) return stop("an entry before this one was changed, moved, removed or inserted");

    const promised = chains.get(chain) ?? { reached: new Map(), sealed: undefined };
    if (records !== undefined && reached !== undefined) promised.reached.set(records, reached);
    if (kind === "sealed") promised.sealed = records;
    chains.set(chain, promised);
    offset += line.length + 1;
    hash.update(content.subarray(offset - line.length - 1, offset));
    macs.add(found.mac);
    head = found.mac;
    if (anchor?.entries === macs.size && anchor.head !== head) return stop("the anchor names another entry here");
  }
  if (offset !== content.length) return stop("the last entry is cut off");
  if (anchor !== undefined && macs.size < anchor.entries) return stop(`the anchor knows of ${anchor.entries} entries`);
  return { chains, entries: macs.size, head, broken: null };
}

async function checkChain(dir: string, chain: string, promised: Promised | undefined, key: KeyObject): Promise<ChainVerdict> {
  const state = promised?.sealed === undefined ? "open" : "sealed";
  const content = await readOrUndefined(path.join(dir, `${chain}.jsonl`));
  if (content === undefined) return { chain, records: 0, state, broken: { record: 0, because: "the file is missing" } };
  let mac = chain;
  let records = 0;
  let offset = 0;
  const stop = (because: string): ChainVerdict => ({ chain, records, state, broken: { record: records, because } });

  for (const line of linesOf(content)) {
    const found = unseal(line, key, mac);
    if (found.kind === "broken") return stop(found.because);
    mac = found.mac;
    records += 1;
    offset += line.length + 1;
    const expected = promised?.reached.get(records);
    if (expected !== undefined && expected !== mac) return stop("the index knows another record here");
  }
  if (offset !== content.length) return stop("the last record is cut off");
  // Empty and unknown to the index: its process ended between making the file and registering it.
  if (promised === undefined && content.length > 0) return stop("the index does not know this chain");
  const longest = Math.max(0, ...(promised?.reached.keys() ?? []));
  if (records < longest) return stop(`the index knows of ${longest} records`);
  if (promised?.sealed !== undefined && records > promised.sealed) return stop(`the chain was sealed after ${promised.sealed} records`);
  return { chain, records, state, broken: null };
}

type Unsealed =
  | { readonly kind: "whole"; readonly mac: string; readonly record: Readonly<Record<string, unknown>> }
  | { readonly kind: "broken"; readonly because: string };

const MAC_LENGTH = 64;
const TAIL_LENGTH = ',"mac":"'.length + MAC_LENGTH + '"}'.length;

function unseal(line: Buffer, key: KeyObject, before: string): Unsealed {
  const tail = /^,"mac":"([0-9a-f]{64})"\}$/.exec(line.subarray(-TAIL_LENGTH).toString("latin1"));
  const mac = tail?.[1];
  if (mac === undefined) return { kind: "broken", because: "not a sealed record" };
  const text = Buffer.concat([line.subarray(0, -TAIL_LENGTH), Buffer.from("}")]);
  if (macOf(key, before, text) !== mac)
    return { kind: "broken", because: "it was changed, or a record before it was removed, inserted or moved" };
  const record = asJson(text.toString());
  return typeof record === "object" && record !== null
    ? { kind: "whole", mac, record: { ...record } }
    : { kind: "broken", because: "not JSON" };
}

/** Only what ends in a line feed is a line: what follows the last one was cut off. */
function* linesOf(content: Buffer): Generator<Buffer> {
  let from = 0;
  for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, from)) {
    yield content.subarray(from, end);
    from = end + 1;
  }
}

async function chainFiles(dir: string): Promise<string[]> {
  try {
    const names = await readdir(dir);
    return names.flatMap((name) => (name.endsWith(".jsonl") && name !== INDEX_FILE ? [name.slice(0, -".jsonl".length)] : [])).toSorted();
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return [];
    throw cause;
  }
}

const readIndexFile = (dir: string) => readOrUndefined(path.join(dir, INDEX_FILE));

async function readOrUndefined(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw cause;
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
