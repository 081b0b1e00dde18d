import { spawn } from "node:child_process";
import { Writable } from "node:stream";
import { asAccount } from "./account.ts";
import { commandEnvironment } from "./command.ts";

/**
 * Ends a server and removes its folder when the process that owns them dies, however it dies.
 *
 * A shell waits at a pipe that only the owner holds: kill -9 closes it too. It gets the postmaster's pid whenever that
 * changes, and `done` when the owner has tidied up itself. Immediate shutdown: nobody will read the data again.
 */
export interface Guard {
  watch(postmaster: number | null): void;
  release(): Promise<void>;
}

const SCRIPT = `
server=
while read -r line <&3; do
  [ "$line" = done ] && exit 0
  server=$line
done
if [ -n "$server" ]; then
  kill -QUIT "$server"
  kill -CONT "$server"
  tries=0
  while kill -0 "$server" && [ $tries -lt 100 ]; do tries=$((tries + 1)); sleep 0.1; done
  kill -KILL "$server"
fi
[ -z "$1" ] || rm -rf "$1"
`;

/** `folder` is removed with the owner's death; null leaves it. */
export function startGuard(folder: string | null): Guard {
  const child = spawn("/bin/sh", ["-c", SCRIPT, "sh", folder ?? ""], {
    ...asAccount(),
    cwd: "/",
    detached: true,
    env: commandEnvironment(),
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Writable)) throw new Error("The guard's pipe is not there");
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("exit", () => resolve());
  });
  // A guard that was killed must not take its owner along.
  pipe.on("error", () => {});
  child.unref();
  if ("unref" in pipe && typeof pipe.unref === "function") pipe.unref();

  return {
    watch(postmaster) {
      pipe.write(`${postmaster ?? ""}\n`);
    },
    async release() {
      child.ref();
      pipe.end("done\n");
      await ended;
    },
  };
}
