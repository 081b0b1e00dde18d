import { lchownSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";

/**
 * Whom the sandbox's PostgreSQL runs as. Reads /etc/passwd.
 *
 * PostgreSQL refuses to run as root, which is what a container or a CI job often is: then it is started as somebody
 * who may do nothing else.
 */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const PREFERRED = ["postgres", "nobody", "daemon"];

/** Null when we are not root: PostgreSQL then runs as whoever we are. */
export function unprivilegedAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readAccounts().filter(({ uid }) => uid !== 0);
  const preferred = PREFERRED.flatMap((name) => accounts.filter((account) => account.name === name));
  const account = preferred[0] ?? accounts[0];
  if (account === undefined) {
    throw new Error("PostgreSQL does not run as root, and /etc/passwd names nobody else to run it as: add an unprivileged user");
  }
  return account;
}

/** The uid that the sandbox's files belong to. */
export function sandboxUid(): number {
  return unprivilegedAccount()?.uid ?? process.getuid?.() ?? 0;
}

/** What `spawn` takes to run a command as that account. */
export function asAccount(): { uid: number; gid: number } | Record<string, never> {
  const account = unprivilegedAccount();
  return account === null ? {} : { uid: account.uid, gid: account.gid };
}

/** What we made, and PostgreSQL has to read or write. */
export function giveToAccount(path: string): void {
  const account = unprivilegedAccount();
  if (account !== null) lchownSync(path, account.uid, account.gid);
}

/** A file of PostgreSQL's, as PostgreSQL writes its own. */
export async function writeOwned(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  giveToAccount(path);
}

function readAccounts(): Account[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [name, , uid, gid] = line.split(":");
      return name === undefined || uid === undefined || gid === undefined || !/^-?\d+$/.test(uid) || !/^-?\d+$/.test(gid)
        ? []
        : [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }];
    });
}
