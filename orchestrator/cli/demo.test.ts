import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { suite, test } from "node:test";
import { newHome } from "../../test/run-helpdesk.ts";

suite("the demo", () => {
  test("finds the leaking pool, cures it through the one road, and proves it by looking again", async () => {
    await using home = await newHome();
    const { status, stdout, stderr } = await home.run(["demo"]);
    assert.equal(status, 0, stdout + stderr);
    const story = [
      /Starting PostgreSQL/u,
      /1\. CRITICAL {2}The application opens transactions and never ends them\n {3}leaked-transactions, client checkout-api as shop_app/u,
      /assumed agreed, because this is a\s+sandbox/u,
      /Plan {5}Terminate session \d+ "checkout-api"/u,
      /session \d+ has ended; its locks and its slot are free/u,
      /Looked again: "The application opens transactions and never ends them" is\s+gone/u,
      /new clients {15}refused {7}let in/u,
      /Cured: a second diagnosis finds/u,
    ];
    const places = story.map((part) => stdout.search(part));
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      stdout,
    );
    assert.ok(!places.includes(-1), `${places}\n${stdout}`);

    const [report, ...others] = (await readdir(home.folder)).filter((name) => !name.startsWith("."));
    assert.match(report ?? "", /^helpdesk-report-\d{8}-\d{6}\.html$/u);
    assert.deepEqual(others, []);
    assert.match(await readFile(path.join(home.folder, report ?? ""), "utf8"), /Who waits for whom/u);
  });

  test("stopped in the middle, leaves nothing behind", async () => {
    await using home = await newHome();
    const { status, stdout, stderr } = await home.run(["demo"], { interrupt: { after: /Breaking it/u, signal: "SIGINT" } });
    assert.equal(status, 130, stdout + stderr);
    assert.match(stderr, /^helpdesk: /mu);
    assert.deepEqual(
      (await readdir(home.folder)).filter((name) => !name.startsWith(".")),
      [],
    );
  });
});
