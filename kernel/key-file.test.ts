import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, it } from "node:test";
import { readKey, readOrCreateKey } from "./key-file.ts";

describe("a key file", () => {
  it("is made once, by whoever comes first, for its owner only", async () => {
    const dir = await mkdtemp(path.join(tmpdir(), "key-"));
    try {
      const file = path.join(dir, "deep", "x.key");
      assert.equal(readKey(file), undefined);
      const program = `import { readOrCreateKey } from ${JSON.stringify(path.join(import.meta.dirname, "key-file.ts"))};
        process.stdout.write(readOrCreateKey(${JSON.stringify(file)}).export().toString("hex"));`;
      const keys = await Promise.all(
        Array.from({ length: 4 }, async () => {
          let out = "";
          for await (const chunk of spawn(process.execPath, ["--input-type=module", "--eval", program]).stdout) out += chunk;
          return out;
        }),
      );
      assert.deepEqual(new Set(keys), new Set([readOrCreateKey(file).export().toString("hex")]));
      assert.equal(keys[0]?.length, 64);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.deepEqual(await readdir(path.dirname(file)), ["x.key"]);
      await writeFile(file, "short\n");
      assert.throws(() => readOrCreateKey(file), /is not a key/);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
