import { createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const KEY_BYTES = 32;

/**
 * A secret of this installation, made when first asked for, readable by its owner only. Linking it into place keeps two
 * processes that start together from each making their own.
 */
export function readOrCreateKey(file: string): KeyObject {
  const found = readKey(file);
  if (found !== undefined) return found;
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  try {
    chmodSync(draft, 0o600);
    linkSync(draft, file);
  } catch (cause) {
    if (!isCode(cause, "EEXIST")) throw cause;
  } finally {
    rmSync(draft, { force: true });
  }
  const made = readKey(file);
  if (made === undefined) throw new Error(`${file} vanished while it was made`);
  return made;
}

/** As a key object, with which a mac takes 3 µs; made from bytes each time it takes 28. Undefined when there is none; throws when what is there is no key, rather than sign with half of one. */
export function readKey(file: string): KeyObject | undefined {
  try {
    const text = readFileSync(file, "utf8");
    if (!/^[0-9a-f]{64}\n$/.test(text)) throw new Error(`${file} is not a key of ${KEY_BYTES} bytes in hexadecimal`);
    return createSecretKey(text.trim(), "hex");
  } catch (cause) {
    if (isCode(cause, "ENOENT")) return undefined;
    throw cause;
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
