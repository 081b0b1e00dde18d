import type { PgReplication } from "../../../diagnosis/evidence/pg-operations.ts";
import { untrusted } from "../../../kernel/untrusted.ts";
import { increase, ratePerSecond } from "../counters.ts";
import { needsMonitor } from "../grant.ts";
import { CannotLook, defineProbe, type ProbeContext } from "../probe.ts";
import {
  type SlotRow,
  type StandbyRow,
  type SubscriptionRow,
  selectReplicationFacts,
  selectSenders,
  selectSlots,
  selectStandby,
  selectSubscriptions,
} from "../queries/replication.ts";

const CAP = 50;
const NAME_CHARACTERS = 63;

interface Reading {
  readonly slots: readonly SlotRow[];
  readonly standby: StandbyRow | null;
  readonly subscriptions: readonly SubscriptionRow[];
}

/** Senders, receiver, replay, slots and subscriptions. What moves is read twice. */
export const replication = defineProbe({
  id: "pg.replication",

  begin: read,

  async run(context, first: Reading, elapsedSeconds): Promise<PgReplication> {
    const { sql, server } = context;
    const now = await read(context);
    const [facts] = await selectReplicationFacts(sql);
    if (facts === undefined) throw new CannotLook("failed", "replication settings could not be read", "");
    const senders = await selectSenders(sql, CAP);
    if (!facts.seesOthers && (senders.length > 0 || facts.inRecovery)) throw needsMonitor(server, "WAL senders and the WAL receiver");
    const slotsBefore = new Map(first.slots.map((slot) => [slot.name, slot]));
    const subscriptionsBefore = new Map(first.subscriptions.map((subscription) => [subscription.name, subscription]));
    return {
      inRecovery: facts.inRecovery,
      synchronousStandbyNames: facts.synchronousStandbyNames,
      synchronousCommit: facts.synchronousCommit,
      // A sender that ended while it was being read has no start.
      senders: senders.flatMap(({ backendStart, application, ...sender }) =>
        backendStart === null ? [] : [{ ...sender, backendStart, application: untrusted(application ?? "", NAME_CHARACTERS) }],
      ),
      slots: now.slots.map((slot) => ({
        ...slot,
        growthBytesPerSecond: growth(slotsBefore.get(slot.name)?.retainedBytes, slot.retainedBytes, elapsedSeconds),
      })),
      standby: now.standby === null ? null : describeStandby(now.standby, first.standby, elapsedSeconds),
      subscriptions: now.subscriptions.map(({ oid: _, ...subscription }) => ({
        ...subscription,
        applyErrorsInWindow:
          subscription.applyErrors === null
            ? null
            : increase(subscriptionsBefore.get(subscription.name)?.applyErrors, subscription.applyErrors),
      })),
    };
  },
});

async function read({ sql, server }: ProbeContext): Promise<Reading> {
  const [standby] = server.inRecovery ? await selectStandby(sql) : [];
  return {
    slots: await selectSlots(sql, server.versionNum, CAP),
    standby: standby ?? null,
    subscriptions: await selectSubscriptions(sql, server.versionNum, CAP),
  };
}

/** Negative while the slot's reader catches up. */
function growth(before: number | null | undefined, after: number | null, seconds: number): number {
  if (before === null || before === undefined || after === null || seconds <= 0) return 0;
  return (after - before) / seconds;
}

function conflictsOf({ tablespace, lock, snapshot, bufferpin, deadlock }: StandbyRow) {
  return { tablespace, lock, snapshot, bufferpin, deadlock };
}

function describeStandby(now: StandbyRow, first: StandbyRow | null, seconds: number): NonNullable<PgReplication["standby"]> {
  const total = (row: StandbyRow) => Object.values(conflictsOf(row)).reduce((sum, count) => sum + count, 0);
  const { tablespace, lock, snapshot, bufferpin, deadlock, receivedBytes, replayedBytes, senderHost, ...rest } = now;
  return {
    ...rest,
    senderHost: senderHost === null ? null : untrusted(senderHost, 253),
    replayBytesPerSecond: ratePerSecond(first?.replayedBytes, replayedBytes, seconds),
    receiveBytesPerSecond: ratePerSecond(first?.receivedBytes, receivedBytes, seconds),
    conflicts: { tablespace, lock, snapshot, bufferpin, deadlock },
    conflictsInWindow: increase(first === null ? undefined : total(first), total(now)),
  };
}
