import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import { after, before, suite, test } from "node:test";
import { Diagnosis } from "../../diagnosis/diagnosis.ts";
import { type Home, newHome } from "../../test/run-helpdesk.ts";

/** Nothing listens there. */
const CLOSED = "127.0.0.1:1";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

function statusOf(port: number, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/metrics", headers, agent: false }, (response) => {
      response.resume().once("end", () => resolve(response.statusCode));
    });
    sent.once("error", reject).end();
  });
}

async function untilListening(port: number): Promise<void> {
  while ((await statusOf(port, {}).catch(() => undefined)) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
}

suite("the command line", { concurrency: 2 }, () => {
  let home: Home;
  before(async () => {
    home = await newHome();
  });
  after(() => home[Symbol.asyncDispose]());

  test("explains every command, with examples where there is a choice", async () => {
    const { status, stdout } = await home.run(["--help"]);
    assert.equal(status, 0);
    for (const command of ["diagnose", "serve", "init", "mcp-config", "doctor", "approve", "audit", "demo"])
      assert.match(stdout, new RegExp(`^  ${command}\\b`, "mu"));
    const { stdout: diagnose } = await home.run(["diagnose", "--help"]);
    assert.match(diagnose, /Examples:[\s\S]*helpdesk diagnose orders[\s\S]*Exit status: 0 healthy/u);
    assert.deepEqual(
      (stdout + diagnose).split("\n").filter((line) => line.length > 80),
      [],
    );
  });

  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown command", ["dignose"], /^helpdesk: unknown command 'dignose'; did you mean diagnose\?$/mu],
    [
      "an unknown option",
      ["diagnose", "--jsn"],
      /^helpdesk: unknown option '--jsn'; did you mean --json\?\nSee helpdesk diagnose --help\.$/mu,
    ],
    ["an unknown server", ["serve", "mysql"], /'mysql' is invalid for argument 'server'\. Allowed choices are postgres\./u],
    ["two doors", ["serve", "postgres", "--stdio", "--http", "3111"], /'--stdio' cannot be used with option '--http/u],
    ["an address that is none", ["serve", "postgres", "--http", "everywhere"], /It must be a port, or host:port\./u],
    ["an unknown client", ["mcp-config", "clippy"], /Allowed choices are claude-desktop, claude-code, vscode, cursor\./u],
    ["a duration that is none", ["diagnose", "--seconds", "soon"], /It must be a number from 0\.2 to 30\./u],
    ["no database at all", ["diagnose"], /^helpdesk: there is no database to look at\n.*DATABASE_URL/u],
    ["two places", ["diagnose", "orders", "--url", `postgres://u@${CLOSED}/x`], /a target and --url were given/u],
    ["two formats", ["diagnose", "--json", "--markdown"], /cannot be used with/u],
    [
      "an inventory that is not there",
      ["diagnose", "--inventory", "nowhere.yaml"],
      /nowhere\.yaml: there is no such file\n {2}See helpdesk\.yaml/u,
    ],
    ["an approval that is not there", ["approve", "0123456789"], /no request of that id waits/u],
    ["an anchor that is none", ["audit", "verify", "--anchor", "x"], /--anchor is not one/u],
  ];
  for (const [what, args, says] of mistakes) {
    test(`answers ${what} with one clear line and status 2`, async () => {
      const { status, stdout, stderr } = await home.run(args);
      assert.match(stderr, says);
      assert.equal(status, 2);
      assert.equal(stdout, "");
      assert.ok(stderr.trim().split("\n").length <= 3, stderr);
      assert.doesNotMatch(stderr, /^\s+at |Error:/mu);
    });
  }

  test("names file, line and what was expected of an invalid inventory, and near names of an unknown target", async () => {
    const file = path.join(home.folder, "broken.yaml");
    await writeFile(file, "databases:\n  orders:\n    url: postgres://u@db/orders\n    enviroment: production\n");
    const broken = await home.run(["diagnose", "orders", "--inventory", file]);
    assert.equal(broken.status, 2);
    assert.match(broken.stderr, /broken\.yaml:4: databases\.orders: unknown key "enviroment"/u);

    const good = path.join(home.folder, "good.yaml");
    await writeFile(good, "databases:\n  orders: { url: postgres://u@db/orders }\n  billing: { url: postgres://u@db/billing }\n");
    const unknown = await home.run(["diagnose", "ordres", "--inventory", good]);
    assert.equal(unknown.status, 2);
    assert.match(unknown.stderr, /There is no target "ordres" in the inventory\. Did you mean orders\?/u);
    const none = await home.run(["diagnose", "--inventory", good]);
    assert.match(none.stderr, /which database\?\n {2}Name one of orders, billing\./u);
  });

  test("a database that cannot be reached is a diagnosis: status 1, in every format", async () => {
    const url = `postgres://u@${CLOSED}/orders`;
    const text = await home.run(["diagnose", "--url", url]);
    assert.equal(text.status, 1);
    assert.match(text.stdout, /^default: PROBLEMS\. 1 cause found\./u);
    assert.equal(text.stderr, "");

    const json = await home.run(["diagnose", "--json", "--url", url]);
    assert.equal(json.status, 1);
    assert.equal(Diagnosis.parse(JSON.parse(json.stdout)).verdict, "problems");
    assert.equal(json.stderr, "");

    const markdown = await home.run(["diagnose", "--markdown", "--symptom", "nothing <b>works</b>", url, "--html", "report.html"]);
    assert.match(markdown.stdout, /^# default: problems\n/u);
    assert.match(markdown.stdout, /> nothing \\<b\\>works\\<\/b\\>/u);
    assert.match(await readFile(path.join(home.folder, "report.html"), "utf8"), /^<!doctype html>/u);
    assert.match(markdown.stderr, /The HTML report is in report\.html/u);
  });

  test("a report that cannot be written is one line", async () => {
    const { status, stderr } = await home.run(["diagnose", "--url", `postgres://u@${CLOSED}/x`, "--html", "no/such/folder.html"]);
    assert.equal(status, 2);
    assert.match(stderr, /^helpdesk: no\/such\/folder\.html cannot be written \(ENOENT\)\n/u);
  });

  test("prints no password, whatever the spelling of the connection string", async () => {
    const secret = "s3cr3t-pa55";
    const spellings = [
      `postgres://u:${secret}@${CLOSED}/db`,
      `POSTGRESQL://u:${secret}@${CLOSED}/db?sslmode=disable`,
      `postgres://u:${secret}@@${CLOSED}/db`,
      `postgres://u:x@${secret}@${CLOSED}/db`,
      `postgres://${CLOSED}/db?user=u&password=${secret}`,
      `host=127.0.0.1 port=1 user=u password=${secret}`,
      `host=127.0.0.1 port=1 password='${secret}`,
      `postgres://u:${secret}@a,b/db`,
    ];
    for (const url of spellings) {
      for (const args of [
        ["diagnose", "--json", "--url", url],
        ["diagnose", url, "excess"],
        ["doctor", `--url=${url}`],
        ["init", "--url", url, "--file", `${secret.length}/x.yaml`],
      ]) {
        const { stdout, stderr } = await home.run(args);
        assert.ok(!(stdout + stderr).includes(secret), `${args.join(" ")}\n${stdout}${stderr}`);
      }
      const { stdout, stderr } = await home.run(["doctor"], { env: { DATABASE_URL: url } });
      assert.ok(!(stdout + stderr).includes(secret), `DATABASE_URL=${url}\n${stdout}${stderr}`);
    }
  });

  test("Ctrl-C while a database hangs ends it soon, with status 130", async () => {
    const hung = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => hung.listen(0, "127.0.0.1", resolve));
    const address = hung.address();
    assert.ok(typeof address === "object" && address !== null);
    const connected = new Promise<void>((resolve) => hung.once("connection", () => resolve()));
    try {
      const { status, stdout, stderr } = await home.run(["diagnose", "--url", `postgres://u@127.0.0.1:${address.port}/x`], {
        interrupt: { after: connected, signal: "SIGINT" },
      });
      assert.deepEqual({ status, stdout }, { status: 130, stdout: "" });
      assert.match(stderr, /^helpdesk: /u);
    } finally {
      hung.close();
    }
  });

  test("repeats no connection string that was put in the wrong place", async () => {
    const url = "postgres://ops:hunter2 x@db1.example.com/orders";
    const file = path.join(home.folder, "misplaced.yaml");
    await writeFile(file, `databases:\n  "host=h password=hunter2": {}\n`);
    const wrong = [
      ["diagnose", "--inventory", url],
      ["doctor", "--inventory", url],
      ["doctor", "--json", "--inventory", "host=h password=hunter2"],
      ["doctor", "--inventory", file],
      ["doctor", "--json", "--inventory", file],
      ["diagnose", "--seconds", url],
      ["serve", url],
      ["serve", "postgres", "--http", url],
      ["serve", "postgres", "--http", "0", "--allow-origin", url],
    ];
    for (const args of wrong) {
      const { status, stdout, stderr } = await home.run(args);
      assert.notEqual(status, 0, args.join(" "));
      assert.doesNotMatch(stdout + stderr, /hunter2/u, args.join(" "));
    }
  });

  test("serves HTTP under the names, and to the web pages, that it was told", async () => {
    const port = await freePort();
    const statuses: (number | undefined)[] = [];
    const asked = untilListening(port).then(async () => {
      for (const headers of [
        { host: "db.example.com" },
        { host: "other.example.com" },
        { origin: "https://a.example.com" },
        { origin: "https://b.example.com" },
      ])
        statuses.push(await statusOf(port, headers));
    });
    const allowed = ["--allow-host", "db.example.com", "--allow-origin", "https://a.example.com"];
    const { status } = await home.run(["serve", "postgres", "--http", String(port), ...allowed], {
      interrupt: { after: asked, signal: "SIGTERM" },
    });
    assert.equal(status, 0);
    assert.deepEqual(statuses, [200, 403, 200, 403]);
  });

  test("init writes an inventory that loads, keeps the password apart, and never overwrites", async () => {
    const url = "postgres://ops:hunter2@db1.example.com:6432/orders?sslmode=require";
    const wrote = await home.run(["init", "--url", url, "--name", "orders", "--environment", "staging", "--file", "made/helpdesk.yaml"]);
    assert.equal(wrote.status, 0, wrote.stderr);
    assert.match(wrote.stdout, /grant pg_monitor to ops;/u);
    const yaml = await readFile(path.join(home.folder, "made", "helpdesk.yaml"), "utf8");
    assert.match(yaml, /url: "postgres:\/\/ops@db1\.example\.com:6432\/orders\?sslmode=require"/u);
    assert.doesNotMatch(yaml + wrote.stdout, /hunter2/u);
    const secret = path.join(home.folder, ".config", "aihelpdesk", "orders.password");
    assert.equal(await readFile(secret, "utf8"), "hunter2\n");
    assert.equal((await stat(secret)).mode & 0o777, 0o600);

    const again = await home.run(["init", "--url", url, "--file", "made/helpdesk.yaml"]);
    assert.equal(again.status, 2);
    assert.match(again.stderr, /is there already/u);

    const checked = await home.run(["doctor", "--json", "--inventory", "made/helpdesk.yaml"], { env: { PGCONNECT_TIMEOUT: "1" } });
    assert.equal(checked.status, 1);
    assert.match(checked.stdout, /no connection to db1\.example\.com:6432\/orders as ops/u);
  });

  test("init without a terminal and without --url says what to give", async () => {
    const { status, stderr } = await home.run(["init", "--file", "asked.yaml"]);
    assert.equal(status, 2);
    assert.match(stderr, /nobody can be asked here\n {2}Give --url/u);
  });

  test("mcp-config prints a command that starts from anywhere, and --write merges it", async () => {
    await mkdir(path.join(home.folder, ".vscode"), { recursive: true });
    const { stdout, stderr } = await home.run(["mcp-config", "vscode"]);
    const printed = JSON.parse(stdout);
    const { command, args, env } = printed.servers["helpdesk-postgres"];
    assert.ok(path.isAbsolute(command) && path.isAbsolute(args[0]));
    assert.deepEqual(args.slice(1), ["serve", "postgres", "--stdio"]);
    assert.match(env["DATABASE_URL"], /^\$\{input:helpdesk-database-url\}$/u);
    assert.equal(printed.inputs[0].password, true);
    assert.match(stderr, /mcp\.json; --write merges it/u);

    await writeFile(path.join(home.folder, "inventory.yaml"), "databases: { orders: { url: postgres://u@db/orders } }\n");
    const wrote = await home.run(["mcp-config", "cursor", "--write", "--inventory", "inventory.yaml"]);
    assert.equal(wrote.status, 0, wrote.stderr);
    const merged = JSON.parse(await readFile(path.join(home.folder, ".cursor", "mcp.json"), "utf8"));
    assert.deepEqual(merged.mcpServers["helpdesk-postgres"].args.slice(-2), ["--inventory", path.join(home.folder, "inventory.yaml")]);
  });

  test("the audit trail of what was done is whole, and is read back", async () => {
    await home.run(["diagnose", "--url", `postgres://u@${CLOSED}/orders`]);
    const verified = await home.run(["audit", "verify", "--json"]);
    assert.equal(verified.status, 0, verified.stdout);
    assert.equal(JSON.parse(verified.stdout).isWhole, true);
    const shown = await home.run(["audit", "show"]);
    assert.match(shown.stdout, /call {6}pg_collect_evidence on default by .* \(terminal\)/u);
  });
});
