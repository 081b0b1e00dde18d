import { readFile } from "node:fs/promises";
import type { Document, LineCounter } from "yaml";
import type { z } from "zod";
import { ToolError } from "./errors.ts";

/**
 * A YAML file through a schema. Whatever is wrong becomes INVALID_CONFIGURATION with file, line and what was expected;
 * no value of the file is ever repeated, because a misplaced one may be a password.
 */
export async function loadYamlFile<S extends z.ZodType>(file: string, schema: S, hint: string): Promise<z.output<S>> {
  return parseYaml(await readText(file, hint), file, schema, hint);
}

/** The same for text at hand; `file` only names it in errors. */
export async function parseYaml<S extends z.ZodType>(text: string, file: string, schema: S, hint: string): Promise<z.output<S>> {
  // On demand: parsing YAML costs 25 ms of a server's start, and a server that is configured by DATABASE_URL needs none.
  const { isAlias, isScalar, LineCounter, parseDocument, visit } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true });
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw invalid(
      `${file}:${lines.linePos(broken.pos[0]).line}: not valid YAML: ${SYNTAX[broken.code] ?? broken.code.toLowerCase()}`,
      hint,
    );
  }
  visit(document, (key, node) => {
    // What the parser would only notice, or silently lose, on the way to plain values.
    const isLost = isScalar(node) && node.value === "__proto__" && key === "key";
    const why = isLost
      ? "the key __proto__ is not taken"
      : isAlias(node) && node.resolve(document) === undefined
        ? SYNTAX["BAD_ALIAS"]
        : undefined;
    if (why !== undefined) throw invalid(`${file}:${lines.linePos(startOf(node) ?? 0).line}: not valid YAML: ${why}`, hint);
  });
  const parsed = schema.safeParse(plain(document, file, hint) ?? {});
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map((issue) => `${file}:${lineOf(document, lines, issue)}: ${explain(issue)}`);
  throw invalid(complaints.join("\n"), hint);
}

/** The parser's own messages quote the file, so they are not used. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: "wrong indentation",
  BAD_ALIAS: "an alias (*name) without its anchor; quote the value when it is text",
  BLOCK_AS_IMPLICIT_KEY: "a value where none can stand; check the indentation and the colons",
  DUPLICATE_KEY: "a key that is there twice",
  MISSING_CHAR: "a closing quote, bracket or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key without its colon",
  MULTIPLE_DOCS: "more than one document; take away the line ---",
  RESOURCE_EXHAUSTION: "it is nested too deep",
  TAB_AS_INDENT: "a tab in the indentation; use spaces",
  UNEXPECTED_TOKEN: "something that cannot stand here",
};

async function readText(file: string, hint: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const why = UNREADABLE[code] ?? `cannot be read (${code})`;
    throw new ToolError("INVALID_CONFIGURATION", `${file}: ${why}`, { hint, cause });
  }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "may not be read by this user",
  EISDIR: "is a folder, not a file",
};

/** Resolving aliases can fail too: the parser refuses a file that multiplies itself. */
function plain(document: Document, file: string, hint: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ToolError("INVALID_CONFIGURATION", `${file}:1: aliases that expand without end`, { hint, cause });
  }
}

function invalid(message: string, hint: string): ToolError {
  return new ToolError("INVALID_CONFIGURATION", message, { hint });
}

type Issue = z.core.$ZodIssue;

export function explain(issue: Issue): string {
  const where = issue.path.map(shownKey).join(".");
  return where === "" ? said(issue) : `${where}: ${said(issue)}`;
}

/** What is no name may be anything that was put there, such as a connection string. */
function shownKey(key: PropertyKey): string {
  return /^[\w. <-]{1,64}$/.test(String(key)) ? String(key) : "...";
}

function said(issue: Issue): string {
  if (issue.code === "unrecognized_keys") {
    return `unknown key${issue.keys.length > 1 ? "s" : ""} ${issue.keys.map((key) => JSON.stringify(shownKey(key))).join(", ")}`;
  }
  if (issue.code === "invalid_key") return issue.issues[0]?.message ?? issue.message;
  if (issue.code === "invalid_value") return `expected one of ${issue.values.map(String).join(", ")}`;
  return issue.message.replace(/^Invalid input: /, "");
}

/** The line of the offending key; of its nearest parent that is written in the file when the key is missing. */
function lineOf(document: Document, lines: LineCounter, issue: Issue): number {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
  for (let depth = path.length; depth > 0; depth--) {
    const offset = offsetOf(document, path.slice(0, depth));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return 1;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (!isRecord(parent) || !Array.isArray(parent["items"])) return undefined;
  if (typeof last === "number") return startOf(parent["items"][last]);
  for (const pair of parent["items"]) {
    if (isRecord(pair) && isRecord(pair["key"]) && pair["key"]["value"] === last) return startOf(pair["key"]);
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  const range = isRecord(node) ? node["range"] : undefined;
  return Array.isArray(range) && typeof range[0] === "number" ? range[0] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
