import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { causesOf, diagnosed } from "../judged.ts";

const setting = (pendingRestart: boolean) => ({
  "pg.settings": { nonDefault: [{ name: "max_connections", value: "100", unit: null, source: "configuration file", pendingRestart }] },
});

describe("restart-pending", () => {
  it("is advice, and leaves the verdict healthy", () => {
    const diagnosis = diagnosed(setting(true));
    assert.deepEqual(causesOf(diagnosis), ["advice restart-pending: max_connections"]);
    assert.equal(diagnosis.verdict, "healthy");
  });

  it("is not claimed for a setting that is merely not the default", () => {
    assert.deepEqual(causesOf(diagnosed(setting(false))), []);
  });
});
