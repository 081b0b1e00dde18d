import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { appendFile, cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { unprivilegedAccount } from "./account.ts";
import { processesOf } from "./processes.ts";
import { debianBinaries, installedMajors, type SandboxOptions, type SandboxServer, startSandbox } from "./server.ts";

const ask = async (server: SandboxServer, text: string, options?: Parameters<SandboxServer["url"]>[0]): Promise<unknown> => {
  const client = new pg.Client(server.url(options));
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
};

const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 600; tries++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`30 s passed, and still not: ${what}`);
};

const leavesNothing = async (server: SandboxServer): Promise<void> => {
  assert.deepEqual(await processesOf(server.dataDirectory), []);
  assert.equal(existsSync(server.folder), false);
};

/** A program that starts a sandbox, says where it is, and then does nothing until it is killed. */
const OWNER = `
  if (process.argv[2] !== "") Object.defineProperty(process, "arch", { value: process.argv[2] });
  const { startSandbox } = await import(process.argv[1]);
  const { folder, dataDirectory, port } = await startSandbox();
  console.log(JSON.stringify({ folder, dataDirectory, port }));
  setInterval(() => {}, 1000);
`;

interface Owner {
  readonly folder: string;
  readonly dataDirectory: string;
  readonly port: number;
  kill(): void;
}

/** Ended after the suite at the latest: a test that fails with its owner alive must not hang the rest. */
const started: ChildProcess[] = [];

async function startOwner(
  options: { module?: string; architecture?: string; uid?: number; gid?: number; temporary?: string } = {},
): Promise<Owner> {
  const { module = join(import.meta.dirname, "server.ts"), architecture = "", temporary = tmpdir(), ...account } = options;
  const child = spawn(process.execPath, ["--input-type=module", "-e", OWNER, module, architecture], {
    ...account,
    cwd: "/",
    env: { ...process.env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  for await (const line of createInterface(child.stdout)) {
    const { folder, dataDirectory, port }: { folder: string; dataDirectory: string; port: number } = JSON.parse(line);
    return { folder, dataDirectory, port, kill: () => void child.kill("SIGKILL") };
  }
  throw new Error(`The owner ended without a sandbox: ${said}`);
}

suite("A sandbox's server", () => {
  after(() => {
    for (const child of started) child.kill("SIGKILL");
  });

  const kinds: (SandboxOptions & { name: string })[] = installedMajors().map((major) => ({ name: `PostgreSQL ${major}`, major }));
  const debian = debianBinaries(15);
  if (debian !== null) kinds.push({ name: "Debian's PostgreSQL 15", major: 15, binaries: debian });

  test("there is at least one to start, and what is not there is said", (t) => {
    assert.notEqual(kinds.length, 0, "no PostgreSQL is installed: npm ci without --omit=optional");
    if (debian === null) t.diagnostic("Debian's PostgreSQL 15 is not installed here: not tested");
  });

  for (const { name, ...options } of kinds) {
    test(`${name} starts, answers, and leaves nothing`, async () => {
      const server = await startSandbox(options);
      try {
        assert.equal(Math.floor(Number(await ask(server, "show server_version_num")) / 10_000), options.major);
        assert.equal(await ask(server, "select count(*)::int from pg_available_extensions where name = 'pg_stat_statements'"), 1);
        assert.equal(await ask(server, "show shared_preload_libraries"), "pg_stat_statements");
        assert.equal(await ask(server, "show application_name", { application: "a b&c" }), "a b&c");
      } finally {
        await server[Symbol.asyncDispose]();
      }
      await leavesNothing(server);
    });
  }

  test("stops, starts and restarts on the same port, with settings added", async () => {
    await using server = await startSandbox({ settings: { max_connections: 30, "sandbox.note": "it's" } });
    assert.equal(await ask(server, "show sandbox.note"), "it's");
    const { pid } = server;
    await server.stop();
    assert.equal(server.pid, null);
    await assert.rejects(ask(server, "select 1"), /ECONNREFUSED/);
    await server.start();
    assert.notEqual(server.pid, pid);
    await server.restart({ work_mem: "1234kB" });
    assert.equal(await ask(server, "show work_mem"), "1234kB");
    assert.equal(await ask(server, "show max_connections"), "30");
    await server.reload({ work_mem: "2345kB" });
    assert.equal(await ask(server, "show work_mem"), "2345kB");
  });

  test("asks for passwords where pg_hba.conf says so", async () => {
    await using server = await startSandbox({ hba: ["local all all trust", "host all postgres all trust", "host all all all reject"] });
    await ask(server, "create role shop login");
    await assert.rejects(ask(server, "select 1", { role: "shop" }), { code: "28000" });
  });

  test("comes back after a kill -9, with a session still in it", async () => {
    await using server = await startSandbox();
    await ask(server, "create table kept as select 1 as one");
    const client = new pg.Client(server.url());
    client.on("error", () => {});
    await client.connect();
    server.kill("SIGKILL");
    await until("the postmaster has ended", () => server.pid === null);
    await server.start();
    assert.equal(await ask(server, "select one from kept"), 1);
    await client.end();
  });

  test("ends although it hangs", async () => {
    const server = await startSandbox();
    server.kill("SIGSTOP");
    await server[Symbol.asyncDispose]();
    await leavesNothing(server);
  });

  test("says what the log says when it does not start", async () => {
    await using server = await startSandbox();
    await server.stop();
    await appendFile(join(server.dataDirectory, "postgresql.conf"), "no_such_setting = 1\n");
    await assert.rejects(server.start(), /no_such_setting/);
    assert.equal(server.pid, null);
  });

  test("keeps a folder that the caller chose, and starts it again", async () => {
    const folder = await mkdtemp(join(tmpdir(), "kept-cluster-"));
    try {
      {
        await using server = await startSandbox({ folder });
        await ask(server, "create table kept as select 1 as one");
      }
      await using again = await startSandbox({ folder });
      assert.equal(await ask(again, "select one from kept"), 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("runs as somebody else where we are root", async (t) => {
    if (unprivilegedAccount() === null) t.diagnostic("not root here: runs as ourselves");
    await using server = await startSandbox();
    const expected = unprivilegedAccount()?.uid ?? process.getuid?.();
    assert.equal(statSync(join(server.dataDirectory, "PG_VERSION")).uid, expected);
    if (process.platform === "linux")
      assert.match(readFileSync(`/proc/${server.pid}/status`, "utf8"), new RegExp(`^Uid:\\t${expected}\\t`, "m"));
  });

  test("is started by an unprivileged user too", async (t) => {
    const account = unprivilegedAccount();
    if (account === null) return t.diagnostic("not root here: every other test is this one");
    const owner = await startOwner({ uid: account.uid, gid: account.gid });
    owner.kill();
    await until("the server and its folder are gone", async () => !existsSync(owner.folder));
  });

  test("runs from a checkout that PostgreSQL's account cannot reach", async (t) => {
    if (unprivilegedAccount() === null) return t.diagnostic("not root here: PostgreSQL's account is ours");
    const home = await mkdtemp(join(tmpdir(), "closed-home-"));
    try {
      const sandbox = join(home, "sandbox");
      await mkdir(sandbox);
      await cp(import.meta.dirname, sandbox, { recursive: true });
      await symlink(join(dirname(import.meta.dirname), "node_modules"), join(home, "node_modules"));
      chmodSync(home, 0o700);
      const owner = await startOwner({ module: join(sandbox, "server.ts") });
      owner.kill();
      await until("the server and its folder are gone", () => !existsSync(owner.folder));
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test("says which command installs it where it is missing", async () => {
    await assert.rejects(startOwner({ architecture: "none" }), /run npm ci without --omit=optional/);
  });

  test("runs where install scripts did not", async () => {
    const home = await mkdtemp(join(tmpdir(), "unscripted-"));
    const name = `postgres-${installedMajors().at(-1)}-${process.platform}-${process.arch}`;
    const installed = join(dirname(import.meta.dirname), "node_modules");
    const lib = join(installed, name, "native", "lib");
    try {
      chmodSync(home, 0o755);
      await cp(import.meta.dirname, join(home, "sandbox"), { recursive: true });
      await mkdir(join(home, "node_modules"));
      await symlink(join(installed, "zod"), join(home, "node_modules", "zod"));
      const links = new Set(readdirSync(lib).filter((file) => lstatSync(join(lib, file)).isSymbolicLink()));
      assert.notEqual(links.size, 0);
      await cp(join(installed, name), join(home, "node_modules", name), { recursive: true, filter: (file) => !links.has(basename(file)) });
      const owner = await startOwner({ module: join(home, "sandbox", "server.ts") });
      owner.kill();
      await until("the server and its folder are gone", () => !existsSync(owner.folder));
      assert.ok([...links].every((file) => existsSync(join(home, "node_modules", name, "native", "lib", file))));
    } finally {
      await rm(home, { recursive: true });
    }
  });

  test("dies with the process that started it, kill -9 included", async () => {
    const owner = await startOwner();
    assert.notEqual((await processesOf(owner.dataDirectory)).length, 0);
    owner.kill();
    await until("the server has ended", async () => (await processesOf(owner.dataDirectory)).length === 0);
    await until("its folder is gone", () => !existsSync(owner.folder));
  });

  test("that outlived even its guard is swept by the next start", async (t) => {
    if (process.platform !== "linux") return t.diagnostic("finding the guard needs /proc: not tested");
    const owner = await startOwner();
    for (const pid of guardsOf(owner.folder)) process.kill(pid, "SIGKILL");
    owner.kill();
    await until("the owner is dead", () => guardsOf(owner.folder).length === 0);
    assert.notEqual((await processesOf(owner.dataDirectory)).length, 0, "the server must still run for this test to mean anything");
    const next = await startOwner();
    try {
      assert.equal(existsSync(owner.folder), false);
      assert.deepEqual(await processesOf(owner.dataDirectory), []);
      assert.equal(existsSync(next.folder), true);
    } finally {
      next.kill();
      await until("the next folder is gone", () => !existsSync(next.folder));
    }
  });

  test("starts in several processes at once that find no template yet", async () => {
    const temporary = await mkdtemp(join(tmpdir(), "fresh-"));
    chmodSync(temporary, 0o1777);
    try {
      const owners = await Promise.all([startOwner({ temporary }), startOwner({ temporary }), startOwner({ temporary })]);
      assert.equal(new Set(owners.map(({ port }) => port)).size, 3);
      for (const owner of owners) owner.kill();
      await until("all folders are gone", () => owners.every(({ folder }) => !existsSync(folder)));
      assert.deepEqual(
        readdirSync(temporary).map((name) => name.replace(/-\d.*/, "")),
        ["helpdesk-sandbox-template"],
      );
    } finally {
      await rm(temporary, { recursive: true });
    }
  });
});

function guardsOf(folder: string): number[] {
  const list = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" });
  return list.split("\n").flatMap((line) => (line.includes("while read") && line.includes(folder) ? [Number.parseInt(line, 10)] : []));
}
