import type { PgWaits } from "../../../diagnosis/evidence/pg-activity.ts";
import { CannotLook, defineProbe } from "../probe.ts";
import { selectLockWaits, WAIT_START_VERSION } from "../queries/locks.ts";
import { hasHiddenSessions, selectWaitSample } from "../queries/waits.ts";
import { relationNames } from "../relation-names.ts";
import { tallyWaits } from "../wait-tally.ts";

/** More active sessions than any server runs well with. */
const SESSION_CAP = 5000;
const LOCK_WAIT_CAP = 1000;
/** pg_locks costs more than a sample: it is asked so often, and only while somebody waits for a lock. */
const LOCK_LOOK_MS = 1000;

/** Where time goes: samples of pg_stat_get_activity for the sampling time, on a connection of its own. */
export const waits = defineProbe({
  id: "pg.waits",

  async run(context): Promise<PgWaits> {
    const { sql, server, ownPids, sampling, sleep } = context;
    if (await hasHiddenSessions(sql)) {
      throw new CannotLook("no-permission", "what other roles' sessions wait for is hidden from this role", "grant pg_monitor to the role");
    }
    const tally = tallyWaits();
    const begun = performance.now();
    let lastLockLook = Number.NEGATIVE_INFINITY;
    for (let next = begun; ; ) {
      const rows = await selectWaitSample(sql, server.versionNum, ownPids, tally.knownStatements(), SESSION_CAP);
      const now = performance.now();
      tally.add(rows, now);
      if (tally.lastSample.hasLockWaits && now - lastLockLook >= LOCK_LOOK_MS) {
        lastLockLook = now;
        tally.addLockWaits(await selectLockWaits(sql, server.versionNum, ownPids, LOCK_WAIT_CAP), server.versionNum >= WAIT_START_VERSION);
      }
      // A slow server is not asked the more often for it: what was missed is left out.
      next = Math.max(next + sampling.intervalMs, performance.now());
      if (next > begun + sampling.seconds * 1000) break;
      await sleep(next - performance.now());
    }
    return tally.result(sampling.intervalMs, await relationNames(context, tally.relationOids()));
  },
});
