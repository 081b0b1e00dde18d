import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { AUDIT_KEY_FILE, type Audit, type AuditRecord, openAudit } from "./audit.ts";
import { INDEX_FILE, macOf } from "./audit-index.ts";
import { type Anchor, readAudit, verifyAudit } from "./audit-trail.ts";
import { readKey } from "./key-file.ts";
import { type Log, SILENT } from "./log.ts";

const SECRET = "hunter2Zx9";

let scratch = "";
before(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "audit-"));
});
after(() => rm(scratch, { recursive: true, force: true }));

let folders = 0;
const newDir = () => path.join(scratch, String(++folders));

const call = (n: number): Extract<AuditRecord, { kind: "call" }> => ({
  kind: "call",
  call: `c${n}`,
  door: "stdio",
  caller: "anna",
  server: "postgres",
  tool: "pg_sessions",
  effect: "read",
  target: "orders",
  arguments: { n, query: `alter role x password '${SECRET}'`, password: SECRET },
});
const outcome = (n: number): AuditRecord => ({ kind: "outcome", call: `c${n}`, outcome: "ok", durationMs: 1.5 });

/** Two chains: one sealed with reads and an act, one still open. */
async function trail(dir: string) {
  const first = openAudit({ dir, operator: "anna@host", log: SILENT });
  for (let n = 0; n < 3; n++) {
    first.note(call(n));
    first.note(outcome(n));
  }
  await first.write(call(9));
  first.note(outcome(9));
  await first.close();
  const second = openAudit({ dir, operator: "bert@host", log: SILENT });
  await second.write(call(20));
  return { second };
}

/** A copy of a whole trail, tampered with: true when verification notices. */
async function isNoticed(from: string, tamper: (dir: string) => Promise<unknown>, anchor?: Anchor): Promise<boolean> {
  const dir = newDir();
  await mkdir(dir);
  for (const file of await readdir(from)) await copyFile(path.join(from, file), path.join(dir, file));
  await tamper(dir);
  const verdict = await verifyAudit(dir, anchor);
  await rm(dir, { recursive: true });
  return !verdict.isWhole;
}

describe("an audit trail", () => {
  it("is whole after ordinary use, in order, redacted, and only its owner can read it", async () => {
    const dir = newDir();
    const { second } = await trail(dir);
    await second.close();
    const verdict = await verifyAudit(dir);
    assert.equal(verdict.isWhole, true, JSON.stringify(verdict));
    assert.deepEqual(
      verdict.chains.map(({ records, state, broken }) => ({ records, state, broken })),
      [
        { records: 9, state: "sealed", broken: null },
        { records: 2, state: "sealed", broken: null },
      ],
    );
    const records = await readAudit(dir);
    assert.deepEqual(
      records.filter(({ kind, call: id }) => kind === "call" && id !== "c20").map((record) => record.call),
      ["c0", "c1", "c2", "c9"],
    );
    for (const file of await readdir(dir)) {
      assert.ok(!(await readFile(path.join(dir, file), "utf8")).includes(SECRET), file);
      assert.equal((await stat(path.join(dir, file))).mode & 0o077, 0, file);
    }
    assert.equal((await readAudit(dir, { limit: 2 })).length, 2);
  });

  it("leaves nothing behind when nothing happened, and verifying nothing makes no key", async () => {
    const dir = newDir();
    await openAudit({ dir, operator: "anna", log: SILENT }).close();
    assert.equal((await verifyAudit(dir)).isWhole, true);
    await assert.rejects(readdir(dir), { code: "ENOENT" });
  });

  for (const { what, length } of [
    { what: "a record", length: 3_000 },
    { what: "an entry of the index", length: 1 },
  ]) {
    it(`is whole after a disk that was full in the middle of ${what}, and goes on`, async () => {
      const dir = newDir();
      const program = `
        import { openAudit } from ${JSON.stringify(path.join(import.meta.dirname, "audit.ts"))};
        import { SILENT } from ${JSON.stringify(path.join(import.meta.dirname, "log.ts"))};
        const audit = openAudit({ dir: ${JSON.stringify(dir)}, operator: "p", log: SILENT });
        const record = { kind: "outcome", call: "c", outcome: "x".repeat(${length}), durationMs: 1 };
        try { for (;;) await audit.write(record); } catch (error) { process.stdout.write(error.code); }
        await audit.close();`;
      // A file's greatest size stands for the disk's: both end a write half way.
      const limited = `trap "" XFSZ; ulimit -f 9; exec "$0" "$@"`;
      const child = spawn("/bin/sh", ["-c", limited, process.execPath, "--input-type=module", "--eval", program]);
      const [said] = await Promise.all([once(child.stdout, "data"), once(child, "exit")]);
      assert.equal(String(said), "EFBIG");
      const afterwards = openAudit({ dir, operator: "anna", log: SILENT });
      await afterwards.write({ kind: "outcome", call: "later", outcome: "ok", durationMs: 1 });
      await afterwards.close();
      const verdict = await verifyAudit(dir);
      assert.equal(verdict.isWhole, true, JSON.stringify(verdict));
      assert.equal((await readAudit(dir)).at(-1)?.call, "later");
    });
  }

  it("is whole while its process still runs, and while many processes write at once", async () => {
    const dir = newDir();
    const program = `
      import { openAudit } from ${JSON.stringify(path.join(import.meta.dirname, "audit.ts"))};
      import { SILENT } from ${JSON.stringify(path.join(import.meta.dirname, "log.ts"))};
      const audit = openAudit({ dir: ${JSON.stringify(dir)}, operator: "p", log: SILENT });
      for (let n = 0; n < 10; n++) await audit.write({ kind: "outcome", call: String(n), outcome: "ok", durationMs: 1 });
      if (process.argv[1] !== "killed") await audit.close();
      else process.exit(1);`;
    const children = ["a", "b", "c", "d", "killed"].map((name) =>
      spawn(process.execPath, ["--input-type=module", "--eval", program, name]),
    );
    await Promise.all(children.map((child) => once(child, "exit")));
    const verdict = await verifyAudit(dir);
    assert.equal(verdict.isWhole, true, JSON.stringify(verdict));
    assert.deepEqual(verdict.chains.map(({ records, state }) => `${records} ${state}`).toSorted(), [
      "11 open",
      "11 sealed",
      "11 sealed",
      "11 sealed",
      "11 sealed",
    ]);
  });

  it("keeps a digest of what is too large to keep", async () => {
    const dir = newDir();
    const audit = openAudit({ dir, operator: "anna", log: SILENT });
    await audit.write({ ...call(1), arguments: { text: "x y ".repeat(20_000) } });
    await audit.close();
    const [, record] = await readAudit(dir);
    assert.match(JSON.stringify(record), /more characters.*"cutFrom":"[0-9a-f]{64}"/);
    assert.equal((await verifyAudit(dir)).isWhole, true);
  });

  it("refuses to record an act when it cannot be written, says so once, and lets reads go on", async () => {
    const file = newDir();
    await writeFile(file, "not a folder");
    const said: string[] = [];
    const log: Log = { ...SILENT, error: (message) => said.push(message) };
    const audit = openAudit({ dir: path.join(file, "below"), operator: "anna", log });
    audit.note(call(1));
    audit.note(outcome(1));
    await assert.rejects(audit.write(call(2)));
    await assert.rejects(audit.write(call(3)));
    assert.equal(said.length, 1, said.join());
    await audit.close();
  });

  it("refuses a key that is none rather than sign with it", async () => {
    const dir = newDir();
    await mkdir(dir);
    await writeFile(path.join(dir, AUDIT_KEY_FILE), "");
    await assert.rejects(openAudit({ dir, operator: "anna", log: SILENT }).write(call(1)), /is not a key/);
  });
});

describe("verification notices", () => {
  let dir = "";
  let sealed = "";
  let open = "";
  let writer: Audit | undefined;
  after(() => writer?.close());
  before(async () => {
    dir = newDir();
    ({ second: writer } = await trail(dir));
    const { isWhole, chains } = await verifyAudit(dir);
    assert.equal(isWhole, true);
    [sealed = "", open = ""] = chains.map(({ chain }) => `${chain}.jsonl`);
  });

  const rewrite = (name: () => string, change: (lines: string[]) => readonly string[]) => async (folder: string) => {
    const file = path.join(folder, name());
    const lines = (await readFile(file, "utf8")).split(/(?<=\n)/);
    await chmod(file, 0o600);
    await writeFile(file, change(lines).join(""));
  };
  const swap = (lines: readonly string[], at: number) => [
    ...lines.slice(0, at),
    lines[at + 1] ?? "",
    lines[at] ?? "",
    ...lines.slice(at + 2),
  ];
  const files: readonly [string, () => string, number][] = [
    ["a sealed chain", () => sealed, 9],
    ["an open chain", () => open, 2],
    ["the index", () => INDEX_FILE, 5],
  ];

  for (const [what, name, count] of files) {
    it(`any flipped bit of ${what}`, async () => {
      const { size } = await stat(path.join(dir, name()));
      await fc.assert(
        fc.asyncProperty(fc.nat(size - 1), fc.nat(7), async (at, bit) => {
          const noticed = await isNoticed(dir, async (folder) => {
            const content = await readFile(path.join(folder, name()));
            content.writeUInt8(content.readUInt8(at) ^ (1 << bit), at);
            await writeFile(path.join(folder, name()), content);
          });
          assert.equal(noticed, true, `byte ${at} bit ${bit}`);
        }),
        { numRuns: 150 },
      );
    });

    it(`a removed, repeated, inserted or swapped record of ${what}`, async () => {
      for (let at = 0; at < count - 1; at++) {
        assert.equal(
          await isNoticed(
            dir,
            rewrite(name, (lines) => lines.toSpliced(at, 1)),
          ),
          true,
          `removed ${at}`,
        );
        assert.equal(
          await isNoticed(
            dir,
            rewrite(name, (lines) => lines.toSpliced(at, 0, lines[at] ?? "")),
          ),
          true,
          `repeated ${at}`,
        );
        assert.equal(
          await isNoticed(
            dir,
            rewrite(name, (lines) => swap(lines, at)),
          ),
          true,
          `swapped ${at}`,
        );
        assert.equal(
          await isNoticed(
            dir,
            rewrite(name, (lines) => lines.toSpliced(at, 0, "\n")),
          ),
          true,
          `blank line ${at}`,
        );
        assert.equal(
          await isNoticed(
            dir,
            rewrite(name, (lines) => lines.toSpliced(at, 0, '{"seq":1}\n')),
          ),
          true,
          `inserted ${at}`,
        );
      }
    });

    it(`a cut in the middle of a record of ${what}`, async () => {
      const { size } = await stat(path.join(dir, name()));
      for (const length of [size - 1, size - 2, size - 40]) {
        const cut = async (folder: string) =>
          writeFile(path.join(folder, name()), (await readFile(path.join(folder, name()))).subarray(0, length));
        assert.equal(await isNoticed(dir, cut), true, `${length} of ${size}`);
      }
    });

    it(`something appended to ${what}`, async () => {
      for (const more of ["x", "\n", '{"kind":"call"}\n']) {
        assert.equal(await isNoticed(dir, (folder) => appendFile(path.join(folder, name()), more)), true, more);
      }
    });
  }

  it("a sealed chain that lost its end, and an open one that lost what it did", async () => {
    for (let kept = 0; kept < 9; kept++) {
      assert.equal(
        await isNoticed(
          dir,
          rewrite(
            () => sealed,
            (lines) => lines.slice(0, kept),
          ),
        ),
        true,
        `kept ${kept}`,
      );
    }
    for (let kept = 0; kept < 2; kept++) {
      assert.equal(
        await isNoticed(
          dir,
          rewrite(
            () => open,
            (lines) => lines.slice(0, kept),
          ),
        ),
        true,
        `kept ${kept}`,
      );
    }
  });

  it("a chain that was removed, renamed, copied under another name, or emptied", async () => {
    for (const name of [sealed, open]) {
      assert.equal(await isNoticed(dir, (folder) => rm(path.join(folder, name))), true);
      assert.equal(await isNoticed(dir, (folder) => writeFile(path.join(folder, name), "")), true);
      assert.equal(
        await isNoticed(dir, (folder) => copyFile(path.join(folder, name), path.join(folder, "20000101T000000Z-1-aa.jsonl"))),
        true,
      );
    }
    const exchange = async (folder: string) => {
      await copyFile(path.join(dir, sealed), path.join(folder, open));
      await copyFile(path.join(dir, open), path.join(folder, sealed));
    };
    assert.equal(await isNoticed(dir, exchange), true);
  });

  it("a removed or exchanged key, and a removed index", async () => {
    assert.equal(await isNoticed(dir, (folder) => rm(path.join(folder, AUDIT_KEY_FILE))), true);
    assert.equal(await isNoticed(dir, (folder) => writeFile(path.join(folder, AUDIT_KEY_FILE), `${"0".repeat(64)}\n`)), true);
    assert.equal(await isNoticed(dir, (folder) => rm(path.join(folder, INDEX_FILE))), true);
  });

  it("a chain that was written anew with the right key, by what the index knows of it", async () => {
    const key = readKey(path.join(dir, AUDIT_KEY_FILE));
    assert.ok(key);
    const forge = rewrite(
      () => open,
      (lines) => {
        let before = open.replace(".jsonl", "");
        return lines.map((line) => {
          const text = line.replace("bert@host", "anna@host").replace(/,"mac":"[0-9a-f]{64}"}\n$/, "}");
          before = macOf(key, before, text);
          return `${text.slice(0, -1)},"mac":"${before}"}\n`;
        });
      },
    );
    assert.equal(await isNoticed(dir, forge), true);
  });

  it("the end of the index removed, by the chain that it then does not know", async () => {
    assert.equal(
      await isNoticed(
        dir,
        rewrite(
          () => INDEX_FILE,
          (lines) => lines.slice(0, 3),
        ),
      ),
      true,
    );
  });

  it("with an anchor kept elsewhere, even the newest chain removed together with its entries", async () => {
    const { index } = await verifyAudit(dir);
    const anchor = { entries: index.entries, head: index.head ?? "" };
    const removeAll = async (folder: string) => {
      await rm(path.join(folder, open));
      await rewrite(
        () => INDEX_FILE,
        (lines) => lines.slice(0, 3),
      )(folder);
    };
    assert.equal(await isNoticed(dir, removeAll), false, "the documented limit");
    assert.equal(await isNoticed(dir, removeAll, anchor), true);
    assert.equal(await isNoticed(dir, (folder) => rm(folder, { recursive: true }).then(() => mkdir(folder)), anchor), true);
    assert.equal(await isNoticed(dir, async () => {}, anchor), false);
  });

  it("and names the first broken record of the chain", async () => {
    const copy = newDir();
    await mkdir(copy);
    for (const file of await readdir(dir)) await copyFile(path.join(dir, file), path.join(copy, file));
    await rewrite(
      () => sealed,
      (lines) => lines.map((line, at) => (at === 4 ? line.replace("c1", "c2") : line)),
    )(copy);
    const verdict = await verifyAudit(copy);
    assert.deepEqual(
      verdict.chains.map(({ broken }) => broken?.record ?? null),
      [4, null],
    );
    assert.match(verdict.chains[0]?.broken?.because ?? "", /changed/);
    assert.equal((await readAudit(copy)).length > 5, true);
  });
});
