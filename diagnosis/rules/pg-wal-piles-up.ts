import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** max_wal_size is soft, and recycled segments stay: twice of it is within what a busy server shows. */
const TIMES = 2;
const MIN_BEYOND_BYTES = 256 * 1_048_576;
const MUCH_BEYOND_BYTES = 16 * 1_073_741_824;

/** A symptom: something keeps WAL beyond what checkpoints need. */
export const walPilesUp = defineRule({
  id: "pg-wal-piles-up",
  title: "pg_wal is much larger than max_wal_size",
  why: "Something keeps segments from being recycled, and a full disk under pg_wal stops the server.",
  gravest: "warning",
  needs: ["pg.wal"],

  judge({ "pg.wal": wal }) {
    if (wal.directoryBytes === null) return { because: "no-permission", hint: "grant pg_monitor to the role" };
    const beyond = wal.directoryBytes - TIMES * wal.maxWalSizeBytes;
    if (beyond < MIN_BEYOND_BYTES) return [];
    return [
      {
        severity: beyond >= MUCH_BEYOND_BYTES ? "warning" : "advice",
        summary: `pg_wal holds ${size(wal.directoryBytes)}, max_wal_size is ${size(wal.maxWalSizeBytes)}`,
        facts: {
          directoryBytes: wal.directoryBytes,
          segments: wal.segments,
          maxWalSizeBytes: wal.maxWalSizeBytes,
          walKeepSizeBytes: wal.walKeepSizeBytes,
          walBytesPerSecond: wal.bytesPerSecond,
        },
      },
    ];
  },

  clear: ({ "pg.wal": wal }) => `pg_wal holds ${size(wal.directoryBytes ?? 0)}, max_wal_size is ${size(wal.maxWalSizeBytes)}`,
});
