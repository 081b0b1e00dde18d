import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Environment } from "./config.ts";
import { ToolError } from "./errors.ts";

/**
 * Who may call over HTTP: tokens from the environment or a file, each with the name that policy, approvals and the audit
 * trail know its bearer by. Only digests are kept, and every one is compared, so that time tells nothing.
 */
export interface BearerTokens {
  readonly count: number;
  /** The subject, or undefined when the token is not one of ours. */
  subjectOf(token: string): string | undefined;
}

const MIN_CHARACTERS = 16;
const HINT = "HELPDESK_HTTP_TOKEN holds one token; a file given with --token-file holds lines of `subject token`.";

/** One token in $HELPDESK_HTTP_TOKEN, whose subject is "operator", and any number in a file. Without either, none. */
export async function loadBearerTokens({
  env,
  file,
  warn,
}: {
  readonly env: Environment;
  readonly file?: string | undefined;
  /** Is told of a file that others may read. */
  readonly warn: (message: string) => void;
}): Promise<BearerTokens> {
  const single = env["HELPDESK_HTTP_TOKEN"];
  const pairs: [string, string][] = single === undefined || single === "" ? [] : [["operator", single]];
  const lines = file === undefined ? [] : (await readTokenFile(file, warn)).split("\n");
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [subject, token, rest] = line.trim().split(/\s+/);
    if (subject === undefined || token === undefined || rest !== undefined)
      throw invalid(`${file}:${at + 1}: expected a subject and a token`);
    pairs.push([subject, token]);
  }
  // Serving everybody would be the opposite of what a file of tokens was given for.
  if (file !== undefined && pairs.length === 0) throw invalid(`${file}: there is no bearer token in it`);
  const short = pairs.find(([, token]) => token.length < MIN_CHARACTERS);
  if (short !== undefined) throw invalid(`The bearer token of ${short[0]} has fewer than ${MIN_CHARACTERS} characters`);
  return bearerTokens(pairs);
}

export function bearerTokens(pairs: readonly (readonly [subject: string, token: string])[]): BearerTokens {
  const known = pairs.map(([subject, token]) => ({ subject, digest: digestOf(token) }));
  return {
    count: known.length,
    subjectOf(token) {
      const digest = digestOf(token);
      return known.filter((one) => timingSafeEqual(one.digest, digest))[0]?.subject;
    },
  };
}

export const NO_TOKENS: BearerTokens = bearerTokens([]);

async function readTokenFile(file: string, warn: (message: string) => void): Promise<string> {
  try {
    if (((await stat(file)).mode & 0o077) !== 0) warn(`${file}: the bearer tokens in it can be read by others; chmod 600 it`);
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ToolError("INVALID_CONFIGURATION", `${file}: the file of bearer tokens cannot be read`, { hint: HINT, cause });
  }
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

function invalid(message: string): ToolError {
  return new ToolError("INVALID_CONFIGURATION", message, { hint: HINT });
}
