import { createHash, createHmac, type Hash, type KeyObject } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";

export const INDEX_FILE = "index.jsonl";

/** The file that names the chains. Reads what others appended since it last looked, then appends with one write. */
export class AuditIndex {
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
    const line = sealedLine(text, macOf(key, INDEX_FILE, text));
    try {
      await handle.appendFile(line);
    } catch (cause) {
      await withdrawHalf(handle, size, line);
      throw cause;
    }
    await handle.datasync();
  }
}

/** On a full disk a line may come through in part, and what others append later would go on in the middle of it. */
async function withdrawHalf(handle: FileHandle, from: number, line: string): Promise<void> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(Buffer.byteLength(line)), 0, Buffer.byteLength(line), from);
  const isOurs = bytesRead > 0 && Buffer.from(line).subarray(0, bytesRead).equals(buffer.subarray(0, bytesRead));
  if (isOurs && (await handle.stat()).size === from + bytesRead) await handle.truncate(from);
}

/** Over the bytes as they are written, so that no other spelling of the same JSON passes. */
export function macOf(key: KeyObject, before: string, text: string | Buffer): string {
  return createHmac("sha256", key).update(before).update("\n").update(text).digest("hex");
}

/** Like JSON.stringify, for what it throws at: a big integer becomes a string. */
export function jsonText(record: object): string {
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

export function sealedLine(text: string, mac: string): string {
  return `${text.slice(0, -1)},"mac":"${mac}"}\n`;
}
