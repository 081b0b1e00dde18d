import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ToolError } from "./errors.ts";
import { createLog } from "./log.ts";

const SECRET = "hunter2Zx9";

async function written(
  options: Parameters<typeof createLog>[0],
  write: (log: ReturnType<typeof createLog>) => void,
  count: number,
): Promise<string[]> {
  const lines: string[] = [];
  write(createLog({ ...options, write: (line) => lines.push(line) }));
  for (let n = 0; n < 200 && lines.length < count; n++) await new Promise((resolve) => setTimeout(resolve, 10));
  return lines;
}

describe("the log", () => {
  it("writes JSON lines in order, also those that came while its library was loading", async () => {
    const lines = await written({ name: "postgres" }, (log) => [1, 2, 3].forEach((n) => void log.info(`line ${n}`, { n })), 3);
    const parsed = lines.map((line): unknown => JSON.parse(line));
    assert.deepEqual(
      parsed.map((line) => [Reflect.get(Object(line), "msg"), Reflect.get(Object(line), "n")]),
      [
        ["line 1", 1],
        ["line 2", 2],
        ["line 3", 3],
      ],
    );
    assert.equal(Reflect.get(Object(parsed[0]), "name"), "postgres");
  });

  it("writes the whole chain of causes and not a secret of it", async () => {
    const inner = new Error(`connect postgres://app:${SECRET}@db1/x`);
    const cause = new ToolError("UNREACHABLE", "No connection", { cause: new Error(`password=${SECRET}`, { cause: inner }) });
    const [line = ""] = await written(
      {},
      (log) => log.error(`failed with password=${SECRET}`, { cause, url: `postgres://a:${SECRET}@b/c`, password: SECRET }),
      1,
    );
    assert.ok(!line.includes(SECRET), line);
    assert.match(line, /UNREACHABLE.*No connection.*connect postgres:\/\/app:\[redacted\]@db1/);
  });

  it("takes what was thrown and is no error", async () => {
    const [line = ""] = await written({}, (log) => log.warn("odd", { cause: `password=${SECRET}` }), 1);
    assert.match(line, /"cause":"password=\[redacted\]"/);
  });

  it("leaves out what is below its level", async () => {
    const lines = await written(
      { level: "warn" },
      (log) => {
        log.debug("a");
        log.info("b");
        log.warn("c");
        log.error("d");
      },
      2,
    );
    assert.deepEqual(
      lines.map((line) => Reflect.get(JSON.parse(line), "msg")),
      ["c", "d"],
    );
    assert.deepEqual(await written({ level: "silent", isTerminal: true }, (log) => log.error("x"), 0), []);
  });

  it("is one short line on a terminal, without the terminal's own language in it", async () => {
    const [line = ""] = await written({ isTerminal: true }, (log) => log.warn("a\u001b[31mb\r", { n: 1 }), 1);
    assert.match(line, /warn.* ab\n? ?n=1\n$/);
  });
});
