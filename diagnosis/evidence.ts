import { z } from "zod";
import { PgLocks, PgPrepared, PgSessions, PgWaits } from "./evidence/pg-activity.ts";
import { Complaint, PgConnect, PgServer, PgSlots } from "./evidence/pg-connection.ts";
import { PgReplication, PgSettings, PgVacuum, PgWal } from "./evidence/pg-operations.ts";
import { PgDatabases, PgDisk, PgIndexes, PgSequences, PgStatements, PgTables } from "./evidence/pg-storage.ts";

/**
 * The one data type that flows through everything. A probe makes a value of one of these; a rule reads it; a bundle
 * stores it; history keeps it; a test replays it. Adding one: docs/adding-a-probe.md.
 */
export const EVIDENCE = {
  complaint: Complaint,
  "pg.connect": PgConnect,
  "pg.server": PgServer,
  "pg.slots": PgSlots,
  "pg.sessions": PgSessions,
  "pg.locks": PgLocks,
  "pg.waits": PgWaits,
  "pg.databases": PgDatabases,
  "pg.tables": PgTables,
  "pg.indexes": PgIndexes,
  "pg.statements": PgStatements,
  "pg.replication": PgReplication,
  "pg.wal": PgWal,
  "pg.vacuum": PgVacuum,
  "pg.settings": PgSettings,
  "pg.sequences": PgSequences,
  "pg.prepared": PgPrepared,
  "pg.disk": PgDisk,
} as const;

export type EvidenceId = keyof typeof EVIDENCE;
export type Evidence = { readonly [Id in EvidenceId]: z.output<(typeof EVIDENCE)[Id]> };

export const EVIDENCE_IDS: readonly EvidenceId[] = Object.freeze(Object.keys(EVIDENCE).filter(isEvidenceId));

export function isEvidenceId(id: string): id is EvidenceId {
  return Object.hasOwn(EVIDENCE, id);
}

/** Why a probe could not look. "Could not look" is never "healthy". */
export const UnseenReason = z.enum([
  "no-permission",
  "timed-out",
  "unreachable",
  "extension-absent",
  "version-too-old",
  "locked",
  /** It has no meaning here: a standby has no archiver. Rules that need it are clear, not undecided. */
  "not-applicable",
  "not-asked",
  "failed",
]);
export type UnseenReason = z.output<typeof UnseenReason>;

export const Unseen = z.object({
  outcome: z.literal("unseen"),
  durationMs: z.number(),
  because: UnseenReason,
  /** What happened, in our words. */
  message: z.string(),
  /** The grant, extension or setting that would show it; empty when nothing would. */
  hint: z.string(),
});
export type Unseen = z.output<typeof Unseen>;

export interface Seen<T> {
  readonly outcome: "seen";
  readonly durationMs: number;
  readonly value: T;
  /** Parts that were left out, each with its reason: "public.orders: locked". */
  readonly skipped?: readonly string[] | undefined;
}

export type Gathered<T> = Seen<T> | Unseen;

export const SNAPSHOT_VERSION = 1;

/** Probes' answers about one target at one time. Plain JSON: it survives a round trip unchanged. */
export interface Snapshot {
  readonly schemaVersion: typeof SNAPSHOT_VERSION;
  readonly target: string;
  /** ISO 8601, UTC: when gathering began. */
  readonly takenAt: string;
  readonly durationMs: number;
  readonly evidence: { readonly [Id in EvidenceId]?: Gathered<Evidence[Id]> };
}

const gathered = <T extends z.ZodType>(value: T) =>
  z
    .discriminatedUnion("outcome", [
      z.object({ outcome: z.literal("seen"), durationMs: z.number(), value, skipped: z.array(z.string()).readonly().optional() }),
      Unseen,
    ])
    .optional();

/** For what comes from outside: a bundle, a file, another process. Evidence that only a later version knows is dropped. */
export const SnapshotSchema = z.object({
  schemaVersion: z.literal(SNAPSHOT_VERSION),
  target: z.string(),
  takenAt: z.string(),
  durationMs: z.number(),
  evidence: z.object({
    complaint: gathered(Complaint),
    "pg.connect": gathered(PgConnect),
    "pg.server": gathered(PgServer),
    "pg.slots": gathered(PgSlots),
    "pg.sessions": gathered(PgSessions),
    "pg.locks": gathered(PgLocks),
    "pg.waits": gathered(PgWaits),
    "pg.databases": gathered(PgDatabases),
    "pg.tables": gathered(PgTables),
    "pg.indexes": gathered(PgIndexes),
    "pg.statements": gathered(PgStatements),
    "pg.replication": gathered(PgReplication),
    "pg.wal": gathered(PgWal),
    "pg.vacuum": gathered(PgVacuum),
    "pg.settings": gathered(PgSettings),
    "pg.sequences": gathered(PgSequences),
    "pg.prepared": gathered(PgPrepared),
    "pg.disk": gathered(PgDisk),
  } satisfies Record<EvidenceId, z.ZodType>),
});

/** Throws a ZodError when `value` is not a snapshot of this version. */
export function parseSnapshot(value: unknown): Snapshot {
  return withoutAbsent(SnapshotSchema.parse(value));
}

/** zod writes an absent optional as undefined when the input had it so; a snapshot has no such keys. */
function withoutAbsent(snapshot: z.output<typeof SnapshotSchema>): Snapshot {
  const { evidence, ...rest } = snapshot;
  const present: Snapshot["evidence"] = JSON.parse(JSON.stringify(evidence));
  return { ...rest, evidence: present };
}
