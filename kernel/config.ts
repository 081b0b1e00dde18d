import { homedir, hostname, userInfo } from "node:os";
import path from "node:path";
import { ToolError } from "./errors.ts";

/**
 * What this process was given: environment, folders, user. The one reader of `process.env` below the `main.ts` files.
 *
 * Everything else takes these values as arguments, so that a test, or a second server in the same process, can be given
 * others. Folders follow the XDG base directory specification; none of them is created here.
 */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Config {
  readonly env: Environment;
  readonly cwd: string;
  /** The inventory and the policy: `$XDG_CONFIG_HOME/aihelpdesk`, by default `~/.config/aihelpdesk`. */
  readonly configDir: string;
  /** The audit trail, approvals and their keys: `$XDG_STATE_HOME/aihelpdesk`, by default `~/.local/state/aihelpdesk`. */
  readonly stateDir: string;
  /** What can be lost without harm, such as compiled code: `$XDG_CACHE_HOME/aihelpdesk`, by default `~/.cache/aihelpdesk`. */
  readonly cacheDir: string;
  /** Who runs the process, as the audit trail names them: `user@host`. */
  readonly operator: string;
}

const FOLDER = "aihelpdesk";

export function readConfig(env: Environment = process.env, cwd: string = workingFolder()): Config {
  const home = nonEmpty(env["HOME"]) ?? homeOfUser();
  return {
    env,
    cwd,
    configDir: path.join(absolute(env["XDG_CONFIG_HOME"]) ?? path.join(home, ".config"), FOLDER),
    stateDir: path.join(absolute(env["XDG_STATE_HOME"]) ?? path.join(home, ".local", "state"), FOLDER),
    cacheDir: path.join(absolute(env["XDG_CACHE_HOME"]) ?? path.join(home, ".cache"), FOLDER),
    operator: `${userName(env)}@${hostname()}`,
  };
}

/** Where Debian sends users that have none. It cannot be made, so that nothing that needs the state folder is done. */
const NO_HOME = "/nonexistent";

/** `os.homedir` throws where the uid has no entry, as in containers that run under any. */
function homeOfUser(): string {
  try {
    return homedir();
  } catch {
    return NO_HOME;
  }
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch (cause) {
    throw new ToolError("INVALID_CONFIGURATION", "The current folder is not there any more", { hint: "Change to one that is.", cause });
  }
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}

/** The specification: "All paths set in these environment variables must be absolute", others are to be ignored. */
function absolute(value: string | undefined): string | undefined {
  const given = nonEmpty(value);
  return given !== undefined && path.isAbsolute(given) ? given : undefined;
}

/** `os.userInfo` throws where the uid has no name, as in most containers. */
function userName(env: Environment): string {
  try {
    return userInfo().username;
  } catch {
    return nonEmpty(env["USER"]) ?? `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
