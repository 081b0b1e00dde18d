import path from "node:path";
import type { Config } from "../../kernel/config.ts";
import { answerEarly, listingMemory } from "../../kernel/early-listing.ts";
import type { EarlyStart } from "../../kernel/serve-stdio.ts";
import { stdinLines } from "../../kernel/stdin-lines.ts";
import { isBuilt, packageVersion } from "../package.ts";
import type { ServeArguments } from "./serve-arguments.ts";

/**
 * Begins to read stdin, and to answer what was answered before, while `serve` loads. Undefined in a checkout that runs
 * its sources: any of them may have changed.
 */
export function beginEarly({ server, inventory, url, programs }: ServeArguments, config: Config): EarlyStart | undefined {
  if (!isBuilt()) return undefined;
  const { env, cwd, configDir, cacheDir, operator } = config;
  const named = inventory ?? env["HELPDESK_INVENTORY"];
  const memory = listingMemory({
    folder: cacheDir,
    circumstances: [
      packageVersion(),
      server,
      programs,
      operator,
      cwd,
      named ?? "",
      url !== undefined,
      ...WHERE_TO_CONNECT.map((variable) => (env[variable] ?? "") !== ""),
    ],
    files: [
      import.meta.filename,
      ...(named === undefined ? [path.join(cwd, FILE), path.join(configDir, FILE)] : [path.resolve(cwd, named)]),
    ],
  });
  const lines = stdinLines(process.stdin);
  const listing = memory.recall();
  const write = (message: object) => void process.stdout.write(`${JSON.stringify(message)}\n`);
  return { memory, lines, answers: listing === null ? null : answerEarly(lines, listing, write) };
}

const FILE = "helpdesk.yaml";

/** Whether the environment names a database decides whether there is a target; where it is does not. */
const WHERE_TO_CONNECT = ["DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE", "PGDATABASE", "PGUSER"];
