import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The checkout's own source files, for the laws: read once, never executed. */
export const ROOT = path.resolve(import.meta.dirname, "..");

/** The layers, lowest first; a file may import from its own layer's folder and from lower layers. */
export const FOLDERS = ["kernel", "diagnosis", "servers", "a2a-adapter", "orchestrator", "sandbox"] as const;

export interface SourceFile {
  /** Relative to the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments, strings and templates: what is left is code. */
  readonly code: string;
  /** Paths of the checkout's files that it imports, types included. */
  readonly imports: readonly { readonly path: string; readonly typeOnly: boolean }[];
  /** Packages that it imports. */
  readonly packages: readonly string[];
}

export function sourceFiles(): readonly SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    filesBelow(folder)
      .filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))
      .map(readSource),
  );
}

export function filesBelow(folder: string): string[] {
  try {
    return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
      .sort();
  } catch {
    return [];
  }
}

export function readText(file: string): string {
  return readFileSync(path.join(ROOT, file), "utf8");
}

function readSource(file: string): SourceFile {
  const text = readText(file);
  const specifiers = [...text.matchAll(/(?:^|\n)(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
    ([, type, fixed, dynamic]) => ({ specifier: fixed ?? dynamic ?? "", typeOnly: type !== undefined }),
  );
  return {
    path: file,
    text,
    code: codeOnly(text),
    imports: specifiers.flatMap(({ specifier, typeOnly }) =>
      specifier.startsWith(".") ? [{ path: path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)), typeOnly }] : [],
    ),
    packages: specifiers.flatMap(({ specifier }) => (specifier.startsWith(".") || specifier.startsWith("node:") ? [] : [specifier])),
  };
}

/** Good enough for our formatting: comments, plain strings, regular expressions on one line, templates with their holes. */
function codeOnly(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, " ")
    .replace(/`(?:[^`\\]|\\[\s\S])*`/g, "``")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""')
    .replace(/(^|[^:])\/\/.*$/gm, "$1");
}
