import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diagnose } from "../../diagnosis/diagnose.ts";
import type { Snapshot } from "../../diagnosis/evidence.ts";
import { startSandbox } from "../../sandbox/server.ts";
import { ask } from "../../sandbox/sessions.ts";
import { claims, story } from "./claims.ts";
import { diagnoseLive } from "./diagnose-live.ts";
import { record } from "./record.ts";

const ALL = ["critical", "warning", "advice"];
const WEEK_SECONDS = 7 * 86_400;

describe("indexes, on a real server", () => {
  it("an index that nobody has used is no finding on its first day, and advice when the same is seen a week later", async () => {
    await using server = await startSandbox();
    await ask(server, "create extension pg_stat_statements");
    await ask(
      server,
      "create table orders as select id, id % 1000 as customer_id, md5(id::text) as note from generate_series(1, 300000) id",
    );
    await ask(server, "alter table orders add primary key (id)");
    await ask(server, "create index orders_note_idx on orders (note); create index orders_customer_id_idx on orders (customer_id)");
    await ask(server, "vacuum (analyze) orders");
    await ask(server, "set enable_seqscan = off; select count(*) from orders where customer_id = 7");

    const fresh = await diagnoseLive(server);
    assert.deepEqual(claims(fresh, ALL), [], story(fresh));

    const snapshot = aged(fresh.snapshot);
    const seen = { snapshot, diagnosis: diagnose(snapshot) };
    assert.deepEqual(claims(seen, ALL), ["advice unused-indexes: public.orders"], story(seen));
    assert.match(seen.diagnosis.causes[0]?.advice.join("\n") ?? "", /drop index concurrently public\.orders_note_idx;/);
    assert.doesNotMatch(seen.diagnosis.causes[0]?.advice.join("\n") ?? "", /customer_id_idx|orders_pkey/);
    await record("unused-indexes", snapshot);
  });
});

/** The same server a week later: a test cannot wait that long. Nothing but the age of the statistics differs. */
function aged(snapshot: Snapshot): Snapshot {
  const indexes = snapshot.evidence["pg.indexes"];
  assert.equal(indexes?.outcome, "seen");
  const value = { ...indexes.value, statsAgeSeconds: (indexes.value.statsAgeSeconds ?? 0) + WEEK_SECONDS };
  return { ...snapshot, evidence: { ...snapshot.evidence, "pg.indexes": { ...indexes, value } } };
}
