import { size } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

/** wal_keep_size counts as oversized from so many times max_wal_size on, once the directory is really full of it. */
const TIMES = 4;
const MIN_BYTES = 256 * 1_048_576;
/** What one slot keeps under no limit, before the missing limit is worth a word. */
const UNLIMITED_BYTES = 10 * 1_073_741_824;

/** Settings that let WAL take the disk, where they are doing so. Their mere values are no finding: -1 is the default. */
export const walRetention = defineRule({
  id: "pg-wal-retention",
  title: "WAL retention settings let pg_wal grow",
  why: "wal_keep_size is kept always, needed or not; without max_slot_wal_keep_size one dead consumer may fill the disk.",
  gravest: "advice",
  needs: ["pg.wal"],
  wants: ["pg.replication"],

  judge({ "pg.wal": wal, "pg.replication": replication }) {
    const found: Found[] = [];
    const keep = wal.walKeepSizeBytes;
    if (keep >= TIMES * wal.maxWalSizeBytes && (wal.directoryBytes ?? 0) >= Math.max(TIMES * wal.maxWalSizeBytes, MIN_BYTES)) {
      found.push({
        severity: "advice",
        object: { kind: "setting", name: "wal_keep_size" },
        summary: `wal_keep_size of ${size(keep)} keeps most of the ${size(wal.directoryBytes ?? 0)} in pg_wal (max_wal_size ${size(wal.maxWalSizeBytes)})`,
        facts: { walKeepSizeBytes: keep, directoryBytes: wal.directoryBytes, maxWalSizeBytes: wal.maxWalSizeBytes },
      });
    }
    const most = (replication?.slots ?? []).toSorted((a, b) => (b.retainedBytes ?? 0) - (a.retainedBytes ?? 0))[0];
    if (wal.maxSlotWalKeepBytes < 0 && most !== undefined && (most.retainedBytes ?? 0) >= UNLIMITED_BYTES) {
      found.push({
        severity: "advice",
        object: { kind: "setting", name: "max_slot_wal_keep_size" },
        about: [{ kind: "slot", name: most.name }],
        summary: `max_slot_wal_keep_size is -1: slot "${most.name}" keeps ${size(most.retainedBytes ?? 0)} and may keep any amount`,
        facts: { slot: most.name, retainedBytes: most.retainedBytes, active: most.active, growthBytesPerSecond: most.growthBytesPerSecond },
      });
    }
    return found;
  },

  clear: ({ "pg.wal": wal }) =>
    `wal_keep_size is ${size(wal.walKeepSizeBytes)}, max_slot_wal_keep_size ${wal.maxSlotWalKeepBytes < 0 ? "unlimited" : size(wal.maxSlotWalKeepBytes)}; neither keeps much now`,
});
