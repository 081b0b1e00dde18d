import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { ToolError } from "./errors.ts";
import { databaseTargets, findDatabase, inventoryOfUrl, loadInventory, resolvePassword } from "./inventory.ts";

let dir = "";
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "inventory-"));
});
after(() => rm(dir, { recursive: true, force: true }));

const SECRET = "hunter2Zx9";

async function load(yaml: string) {
  const file = path.join(dir, "helpdesk.yaml");
  await writeFile(file, yaml);
  return loadInventory({ flag: file, env: {}, cwd: dir, configDir: dir });
}

/** The message of the error without the folder. */
async function complaint(yaml: string): Promise<string> {
  const error = await load(yaml).then(
    () => assert.fail("was taken"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ToolError);
  assert.equal(error.code, "INVALID_CONFIGURATION");
  assert.ok(!error.message.includes(SECRET) && !String(error.hint).includes(SECRET), error.message);
  return error.message.replaceAll(`${dir}/`, "");
}

const WHOLE = `
databases:
  orders:
    url: postgres://helpdesk@db1.example.com/orders
    passwordEnv: ORDERS_PASSWORD
    environment: production
    role: primary
    adhocQueries: false
    kubernetes: { cluster: prod, namespace: db, workload: statefulset/orders-db }
  billing: { url: "host=10.0.0.7 dbname=billing", environment: staging, host: vm-db-7, passwordFile: secrets/billing }
  here: {}
clusters: { prod: { context: prod-cluster } }
hosts:    { vm-db-7: { ssh: dba@10.0.0.7, unit: postgresql@16-main } }
servers:  { tickets: { url: https://mcp.example.com/tickets } }
agents:   { network: { card: https://net.example.com } }
model:    { provider: anthropic, name: claude-haiku-4-5 }
policy:   policy.yaml
`;

describe("an inventory file", () => {
  it("is read whole, with files resolved beside it and unknown environments treated as production", async () => {
    const inventory = await load(WHOLE);
    assert.deepEqual(databaseTargets(inventory), [
      { name: "orders", environment: "production" },
      { name: "billing", environment: "staging" },
      { name: "here", environment: "production" },
    ]);
    assert.equal(inventory.policy, path.join(dir, "policy.yaml"));
    assert.equal(findDatabase(inventory, "billing").passwordFile, path.join(dir, "secrets/billing"));
    assert.equal(findDatabase(inventory, "orders").role, "primary");
    assert.deepEqual(inventory.source, { kind: "file", file: path.join(dir, "helpdesk.yaml") });
  });

  it("may be empty", async () => {
    assert.deepEqual((await load("")).databases, {});
  });

  const CASES: readonly [what: string, yaml: string, expected: RegExp][] = [
    ["an unknown key", "databases:\n  orders:\n    pasword: x\n", /^helpdesk\.yaml:3: databases\.orders: unknown key "pasword"$/],
    [
      "a connection string where a name belongs",
      `databases:\n  "postgres://u:${SECRET} x@h/d": {}\n`,
      /^helpdesk\.yaml:2: databases\.\.\.\.: a name has letters/,
    ],
    [
      "a connection string for a key",
      `databases:\n  orders:\n    "host=a password=${SECRET}": 1\n`,
      /^helpdesk\.yaml:3: databases\.orders: unknown key "\.\.\."$/,
    ],
    ["a merge", "databases:\n  a: {}\n  b: { <<: x }\n", /^helpdesk\.yaml:3: databases\.b: unknown key "<<"$/],
    ["two documents", "databases: {}\n---\ndatabases: {}\n", /^helpdesk\.yaml:2: not valid YAML: more than one document/],
    ["a nest", `databases: ${"[".repeat(100_000)}\n`, /^helpdesk\.yaml:1: not valid YAML: it is nested too deep$/],
    ["an unknown section", "databases: {}\ntargets: {}\n", /^helpdesk\.yaml:2: unknown key "targets"$/],
    [
      "a wrong word",
      "databases:\n  orders:\n    environment: prod\n",
      /^helpdesk\.yaml:3: databases\.orders\.environment: expected one of production, staging, test$/,
    ],
    [
      "a wrong type",
      "databases:\n  orders:\n\n    adhocQueries: 3\n",
      /^helpdesk\.yaml:4: databases\.orders\.adhocQueries: expected boolean/,
    ],
    ["a list for a map", "databases:\n  - orders\n", /^helpdesk\.yaml:1: databases: expected record/],
    ["a text for a file", "just text", /^helpdesk\.yaml:1: expected object/],
    ["bad indentation", "databases:\n  orders:\n   url: x\n  bad\n", /^helpdesk\.yaml:\d+: not valid YAML/],
    ["a tab", "databases:\n\torders: {}\n", /^helpdesk\.yaml:2: not valid YAML: a tab/],
    ["a key twice", "databases:\n  a: {}\n  a: {}\n", /^helpdesk\.yaml:3: not valid YAML: a key that is there twice/],
    ["an alias for a password", `databases:\n  a:\n    service: *${SECRET}\n`, /^helpdesk\.yaml:3: not valid YAML: an alias/],
    [
      "a connection string that is none",
      `databases:\n  a:\n    url: ${SECRET}\n`,
      /^helpdesk\.yaml:3: databases\.a\.url: expected postgres/,
    ],
    [
      "two ways to connect",
      "databases:\n  a:\n    url: postgres:///x\n    service: y\n",
      /:4: databases\.a\.service: expected only one of url, service/,
    ],
    [
      "two passwords",
      "databases:\n  a:\n    passwordEnv: X\n    passwordFile: y\n",
      /:4: .*expected only one of passwordEnv, passwordFile/,
    ],
    [
      "an unknown host",
      "databases:\n  a: { host: vm-db }\nhosts: { vm-db7: { ssh: x } }\n",
      /:2: databases\.a\.host: "vm-db" is not in hosts\. Did you mean vm-db7\?/,
    ],
    [
      "an unknown cluster",
      "databases:\n  a:\n    kubernetes: { cluster: p, namespace: n, workload: statefulset/x }\n",
      /:3: databases\.a\.kubernetes\.cluster: "p" is not in clusters/,
    ],
    [
      "a workload without its kind",
      "clusters: {p: {}}\ndatabases:\n  a:\n    kubernetes: { cluster: p, namespace: n, workload: x }\n",
      /:4: .*expected kind\/name/,
    ],
    ["a name that is none", "databases:\n  'a b': {}\n", /:2: databases\.a b: /],
    ["a server that is nowhere", "servers:\n  t: {}\n", /:2: servers\.t: expected url or command/],
    [
      "aliases that multiply",
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`,
      /aliases that expand without end/,
    ],
    ["__proto__", "databases:\n  __proto__: {}\n", /:2: not valid YAML: the key __proto__/],
  ];
  for (const [what, yaml, expected] of CASES) {
    it(`is refused with file, line and what was expected: ${what}`, async () => {
      assert.match(await complaint(yaml), expected);
    });
  }

  it("names every mistake, not only the first", async () => {
    assert.equal((await complaint("databases:\n  a: { environment: x }\n  b: { role: y }\n")).split("\n").length, 2);
  });

  it("that was asked for by name must be there and readable", async () => {
    for (const [flag, expected] of [
      ["none.yaml", /none\.yaml: there is no such file/],
      [".", /is a folder/],
    ] as const) {
      await assert.rejects(loadInventory({ flag, env: {}, cwd: dir, configDir: dir }), {
        code: "INVALID_CONFIGURATION",
        message: expected,
      });
    }
    await assert.rejects(
      loadInventory({ env: { HELPDESK_INVENTORY: "gone.yaml" }, cwd: dir, configDir: dir }),
      /gone\.yaml: there is no such file/,
    );
  });
});

describe("where the inventory comes from", () => {
  it("is --inventory, $HELPDESK_INVENTORY, the working folder, the user's configuration folder, the environment, in this order", async () => {
    const folders = { cwd: path.join(dir, "cwd"), configDir: path.join(dir, "config") };
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
    const write = (file: string, name: string) => writeFile(path.join(dir, file), `databases: { ${name}: {} }\n`);
    await write("flag.yaml", "by-flag");
    await write("variable.yaml", "by-variable");
    await write("cwd/helpdesk.yaml", "by-cwd");
    await write("config/helpdesk.yaml", "by-config");
    const env = { HELPDESK_INVENTORY: path.join(dir, "variable.yaml"), DATABASE_URL: "postgres:///x" };
    const names = async (request: Parameters<typeof loadInventory>[0]) => Object.keys((await loadInventory(request)).databases);
    assert.deepEqual(await names({ flag: "../flag.yaml", env, ...folders }), ["by-flag"]);
    assert.deepEqual(await names({ env, ...folders }), ["by-variable"]);
    assert.deepEqual(await names({ env: { DATABASE_URL: "postgres:///x" }, ...folders }), ["by-cwd"]);
    await rm(path.join(dir, "cwd/helpdesk.yaml"));
    assert.deepEqual(await names({ env: {}, ...folders }), ["by-config"]);
    await rm(path.join(dir, "config/helpdesk.yaml"));
    assert.deepEqual(await names({ env: { DATABASE_URL: "postgres:///x" }, ...folders }), ["default"]);
    assert.deepEqual(await names({ env: {}, ...folders }), []);
  });

  it("is `default` from DATABASE_URL or PG* variables, as production; a password alone names no database", async () => {
    const of = (env: Record<string, string>) =>
      loadInventory({ env, cwd: path.join(dir, "nowhere"), configDir: path.join(dir, "nowhere") });
    assert.equal((await of({ DATABASE_URL: "postgres://a@b/c" })).databases["default"]?.url, "postgres://a@b/c");
    assert.deepEqual(databaseTargets(await of({ PGHOST: "db1" })), [{ name: "default", environment: "production" }]);
    assert.deepEqual((await of({ PGPASSWORD: "x", PGAPPNAME: "y" })).source, { kind: "none" });
    await assert.rejects(
      of({ DATABASE_URL: SECRET }),
      (error: Error) => /expected postgres/.test(error.message) && !error.message.includes(SECRET),
    );
    assert.throws(() => inventoryOfUrl(`//${SECRET}`), { code: "INVALID_CONFIGURATION" });
  });
});

describe("a target's name", () => {
  it("that is not in the inventory is refused with the names that are near", async () => {
    const inventory = await load(WHOLE);
    assert.throws(() => findDatabase(inventory, "order"), {
      code: "UNKNOWN_TARGET",
      message: /"order" in the inventory\. Did you mean orders\?/,
    });
    assert.throws(() => findDatabase(inventory, "constructor"), { code: "UNKNOWN_TARGET", hint: "Known targets: orders, billing, here." });
    assert.throws(
      () => findDatabase(inventory, `postgres://a:${SECRET}@b/c`),
      (error: Error) => !error.message.includes(SECRET),
    );
  });
});

describe("a password", () => {
  const of = async (yaml: string, env: Record<string, string> = {}) => {
    const warnings: string[] = [];
    const inventory = await load(`databases: { a: ${yaml} }`);
    const password = await resolvePassword("a", findDatabase(inventory, "a"), { env, warn: (message) => warnings.push(message) });
    return { password, warnings };
  };

  it("comes from the variable or the file that the inventory names, else from elsewhere", async () => {
    await writeFile(path.join(dir, "secret"), `${SECRET}\n`, { mode: 0o600 });
    assert.deepEqual(await of("{ passwordEnv: X }", { X: SECRET }), { password: SECRET, warnings: [] });
    assert.deepEqual(await of("{ passwordFile: secret }"), { password: SECRET, warnings: [] });
    assert.deepEqual(await of("{}"), { password: undefined, warnings: [] });
  });

  it("in a file that others can read is used with a warning that does not show it", async () => {
    await chmod(path.join(dir, "secret"), 0o644);
    const { password, warnings } = await of("{ passwordFile: secret }");
    assert.equal(password, SECRET);
    assert.match(warnings.join(), /chmod 600/);
    assert.ok(!warnings.join().includes(SECRET));
  });

  it("that is not there, or in a Kubernetes secret, is said so", async () => {
    await assert.rejects(of("{ passwordEnv: X }"), { code: "INVALID_CONFIGURATION", message: /the variable X is not set/ });
    await assert.rejects(of("{ passwordFile: gone }"), { code: "INVALID_CONFIGURATION", message: /gone cannot be read \(ENOENT\)/ });
    await assert.rejects(of("{ passwordSecret: { namespace: db, name: orders } }"), {
      code: "INVALID_CONFIGURATION",
      message: /cannot read Kubernetes secrets/,
    });
  });
});
