import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, open, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, suite, test } from "node:test";

const ROOT = path.join(import.meta.dirname, "..");

/** As it is installed: in a folder `dist`, in which a server begins to listen before it has read its inventory. */
suite("the command line as it is built", () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "helpdesk-built-"));
    await mkdir(path.join(root, "dist"));
    for (const folder of ["kernel", "diagnosis", "servers", "orchestrator", "sandbox"])
      await cp(path.join(ROOT, folder), path.join(root, "dist", folder), { recursive: true });
    await symlink(path.join(ROOT, "node_modules"), path.join(root, "node_modules"));
    await cp(path.join(ROOT, "package.json"), path.join(root, "package.json"));
    await writeFile(
      path.join(root, "run.js"),
      'import { main } from "./dist/orchestrator/main.ts"; process.exitCode = await main(process.argv.slice(2));',
    );
  });
  after(() => rm(root, { recursive: true, force: true }));

  function run(args: readonly string[], stdout: "pipe" | number) {
    const { promise, resolve } = Promise.withResolvers<{ status: number | null; stderr: string }>();
    const child = spawn(process.execPath, [path.join(root, "run.js"), ...args], {
      cwd: root,
      env: { HOME: root, PATH: "/nowhere" },
      stdio: ["pipe", stdout, "pipe"],
      timeout: 60_000,
    });
    let stderr = "";
    child.stderr?.on("data", (data) => {
      stderr += data;
    });
    child.on("close", (status) => resolve({ status, stderr }));
    return promise;
  }

  test("says what is wrong with an inventory and ends, though its host holds stdin open", async () => {
    await writeFile(path.join(root, "broken.yaml"), "databases:\n  orders: 5\n");
    const { status, stderr } = await run(["serve", "postgres", "--inventory", "broken.yaml"], "pipe");
    assert.match(stderr, /broken\.yaml:2: databases\.orders: expected object/u);
    assert.equal(status, 2);
  });

  test("says that its output cannot be written, and that is not `problems found`", async () => {
    await using readOnly = await open(path.join(root, "package.json"), "r");
    const { status, stderr } = await run(["--version"], readOnly.fd);
    assert.equal(stderr, "helpdesk: standard output cannot be written (EBADF)\n");
    assert.equal(status, 2);
  });
});
