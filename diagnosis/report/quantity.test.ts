import assert from "node:assert/strict";
import { test } from "node:test";
import { duration, grouped, instant, plural, size } from "./quantity.ts";

test("durations carry the two units that matter", () => {
  const read = [0, 0.0123, 3.412, 59.6, 119, 312.4, 7199, 86_400, 401_220].map(duration);
  assert.deepEqual(read, ["0 ms", "12 ms", "3.4 s", "60 s", "119 s", "5 min 12 s", "119 min 59 s", "24 h", "4 d 15 h"]);
});

test("sizes are in powers of 1024", () => {
  assert.deepEqual([0, 1023, 1024, 1_572_864, 51_539_607_552, 2 ** 80].map(size), [
    "0 B",
    "1023 B",
    "1 KiB",
    "1.5 MiB",
    "48 GiB",
    "1073741824 PiB",
  ]);
});

test("instants are in UTC, and what is none stays as it is", () => {
  assert.equal(instant("2026-03-14T09:17:45.120Z"), "2026-03-14 09:17:45 UTC");
  assert.equal(instant("soon"), "soon");
});

test("one is not many", () => {
  assert.deepEqual([plural(0, "check"), plural(1, "check"), plural(2, "entry", "entries")], ["0 checks", "1 check", "2 entries"]);
});

test("counts are grouped by thousands", () => {
  assert.equal(grouped(2_147_483_647), "2,147,483,647");
  assert.equal(grouped(999), "999");
  assert.equal(grouped(1_000.4), "1,000");
  assert.equal(grouped(-4_200_000), "-4,200,000");
});
