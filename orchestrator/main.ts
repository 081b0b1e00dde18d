import { type Config, readConfig } from "../kernel/config.ts";
import { parseServe, type ServeArguments } from "./cli/serve-arguments.ts";

/**
 * The command line: `bin/helpdesk.js` calls this with the arguments and takes the exit status from it.
 *
 * 0 fine (healthy), 1 problems found, 2 could not be done. A host starts `serve` for each conversation, so that road
 * loads neither the command parser nor anything that only people need.
 */
export async function main(argv: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  try {
    const config = readConfig();
    const serving = parseServe(argv);
    if (serving !== null) return await serveEarly(serving, config);
    const { runProgram } = await import("./cli/program.ts");
    return await runProgram(argv, config);
  } catch (thrown) {
    const { reportFailure } = await import("./cli/failure.ts");
    return reportFailure(thrown, { isVerbose: (process.env["HELPDESK_DEBUG"] ?? "") !== "" });
  }
}

async function serveEarly(serving: ServeArguments, config: Config): Promise<number> {
  const early = serving.door.kind === "stdio" ? (await import("./cli/serve-early.ts")).beginEarly(serving, config) : undefined;
  try {
    await early?.answers?.done;
    const { serve } = await import("./cli/serve.ts");
    return await serve(serving, config, early);
  } finally {
    // A stdin that is listened to keeps the process, and its host waiting for it, though it could not serve.
    early?.lines.close();
  }
}

/** `helpdesk diagnose | head` is no failure of ours; a full disk is, and no defect. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", ({ code }: NodeJS.ErrnoException) => {
      if (code === "EPIPE") process.exit();
      if (stream === process.stdout) process.stderr.write(`helpdesk: standard output cannot be written (${code})\n`);
      process.exit(CANNOT_WRITE);
    });
  }
}

const CANNOT_WRITE = 2;
