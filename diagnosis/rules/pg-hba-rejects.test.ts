import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refusedConnect, unseen } from "../example.ts";
import { firstFound, judged } from "../judged.ts";
import { hbaRejects } from "./pg-hba-rejects.ts";

const refused = (connect: Parameters<typeof refusedConnect>[0]) => ({ "pg.connect": refusedConnect(connect) });

describe("pg-hba-rejects", () => {
  it("names the address, and quotes the server", () => {
    assert.deepEqual(
      judged(
        hbaRejects,
        refused({ sqlState: "28000", message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", SSL encryption' }),
      ),
      ["critical db1.example.com:5432"],
    );
    assert.match(
      firstFound(
        hbaRejects,
        refused({ sqlState: "28000", message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", SSL encryption' }),
      ).summary,
      /under no line: "no pg_hba\.conf entry for host "10\.0\.0\.9"/,
    );
  });

  it("is clear for a connection that was made, and for another refusal", () => {
    assert.equal(judged(hbaRejects), "clear");
    assert.equal(judged(hbaRejects, refused({ sqlState: "28000", message: "Peer authentication failed" })), "clear");
  });

  it("is undecided when nobody tried to connect", () => {
    assert.equal(judged(hbaRejects, { "pg.connect": unseen("failed") }), "undecided: failed");
  });
});
