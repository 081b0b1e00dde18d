import { readFileSync } from "node:fs";
import path from "node:path";

/** The package's folder: the checkout's root, or what npm installed; `dist/` lies one level deeper than the sources. */
export function packageFolder(): string {
  const parent = path.join(import.meta.dirname, "..");
  return isBuilt() ? path.dirname(parent) : parent;
}

/** Whether this is `dist/`, which changes only as a whole, or the sources. */
export function isBuilt(): boolean {
  return path.basename(path.join(import.meta.dirname, "..")) === "dist";
}

export function packageVersion(): string {
  const described: unknown = JSON.parse(readFileSync(path.join(packageFolder(), "package.json"), "utf8"));
  return typeof described === "object" && described !== null && "version" in described ? String(described.version) : "unknown";
}
