import type { LockRoot, LockTarget, LockTree, LockWaiter, Session, SessionGroup } from "./evidence/pg-activity.ts";
import type { PgConnect } from "./evidence/pg-connection.ts";
import type { ReplicationSlot, XminHolder } from "./evidence/pg-operations.ts";
import type { Index, PgDatabases, PgSequences, PgStatements, Table } from "./evidence/pg-storage.ts";
import {
  EVIDENCE_IDS,
  type Evidence,
  type EvidenceId,
  parseSnapshot,
  SNAPSHOT_VERSION,
  type Snapshot,
  type Unseen,
  type UnseenReason,
} from "./evidence.ts";

/**
 * Evidence for tests of rules and causes: a healthy, moderately busy PostgreSQL 18 primary with one standby, seen by a
 * role with pg_monitor, and builders for what goes wrong in it. Every answer passes the schemas; nothing is touched.
 *
 *   exampleSnapshot({ "pg.slots": { used: 97 }, "pg.sessions": { idleInTransaction: 90 }, "pg.wal": unseen("timed-out") })
 *
 * Objects are merged, lists and plain values replaced; null takes the evidence out, as if nobody had asked for it.
 */
export function exampleSnapshot(overrides: Overrides = {}): Snapshot {
  const evidence: Record<string, unknown> = {};
  for (const [id, value] of Object.entries(healthy())) evidence[id] = { outcome: "seen", durationMs: 4, value };
  for (const [id, override] of Object.entries(overrides)) {
    if (override === undefined) continue;
    if (override === null) delete evidence[id];
    else if ("outcome" in override && override.outcome === "unseen") evidence[id] = override;
    else evidence[id] = { outcome: "seen", durationMs: 4, value: merge(healthyValue(id), override) };
  }
  return parseSnapshot({ schemaVersion: SNAPSHOT_VERSION, target: "orders", takenAt: TAKEN_AT, durationMs: 3_120, evidence });
}

/** When every example was taken. */
export const TAKEN_AT = "2026-03-02T09:12:33.000Z";

export type Override<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [Key in keyof T]?: Override<T[Key]> } : T;
export type Overrides = { readonly [Id in EvidenceId]?: Override<Evidence[Id]> | Unseen | null };

export function unseen(because: UnseenReason, hint = ""): Unseen {
  return { outcome: "unseen", durationMs: 1, because, message: "could not look", hint };
}

/** A time `seconds` before the example was taken, as the probes write it. */
export function ago(seconds: number): string {
  return new Date(Date.parse(TAKEN_AT) - seconds * 1000).toISOString();
}

/** A connection that was not made, and why: ECONNREFUSED unless said otherwise. With it nothing else is seen: `unreachable`. */
export function refusedConnect(overrides: Partial<PgConnect> = {}): PgConnect {
  const isFromServer = typeof overrides.sqlState === "string";
  return {
    ...healthy()["pg.connect"],
    outcome: "failed",
    stage: isFromServer ? "authenticate" : "connect",
    errorCode: isFromServer ? null : "ECONNREFUSED",
    tls: null,
    certificate: null,
    serverOffersTls: null,
    ...overrides,
  };
}

/** What a collection sees when the connection is refused: why, and nothing else. */
export function refusedSnapshot(connect: Partial<PgConnect> = {}, complaint?: Evidence["complaint"]): Snapshot {
  return exampleSnapshot({
    ...Object.fromEntries(EVIDENCE_IDS.filter((id) => id !== "complaint").map((id) => [id, unseen("unreachable")] as const)),
    "pg.connect": refusedConnect(connect),
    ...(complaint !== undefined && { complaint }),
  });
}

export function session(overrides: Partial<Session> = {}): Session {
  return {
    pid: 4711,
    backendStart: ago(3_600),
    backendType: "client backend",
    database: "orders",
    role: "app",
    application: "checkout",
    client: "10.0.0.21",
    state: "active",
    waitEventType: null,
    waitEvent: null,
    xactAgeSeconds: 0.01,
    queryAgeSeconds: 0.01,
    stateAgeSeconds: 0.01,
    hasWritten: false,
    xminAge: 1,
    queryId: "8812345678901234567",
    query: "select * from orders where id = $1",
    ...overrides,
  };
}

/** A session that has been idle inside its transaction for `seconds`. */
export function parkedSession(seconds: number, overrides: Partial<Session> = {}): Session {
  return session({
    state: "idle in transaction",
    waitEventType: "Client",
    waitEvent: "ClientRead",
    xactAgeSeconds: seconds,
    queryAgeSeconds: seconds,
    stateAgeSeconds: seconds,
    hasWritten: true,
    query: "update orders set state = $1 where id = $2",
    ...overrides,
  });
}

export function sessionGroup(overrides: Partial<SessionGroup> = {}): SessionGroup {
  return {
    application: "checkout",
    role: "app",
    database: "orders",
    client: "10.0.0.21",
    total: 16,
    active: 3,
    idle: 12,
    idleInTransaction: 1,
    idleLong: 0,
    startedLastMinute: 0,
    oldestXactSeconds: 0.02,
    longestIdleInTransactionSeconds: 0.003,
    ...overrides,
  };
}

export function lockTarget(overrides: Partial<LockTarget> = {}): LockTarget {
  return { lockType: "transactionid", mode: "ShareLock", relation: { schema: "public", name: "orders" }, advisoryKey: null, ...overrides };
}

export function lockWaiter(overrides: Omit<Partial<LockWaiter>, "session"> & { readonly session?: Partial<Session> } = {}): LockWaiter {
  const { session: of, ...rest } = overrides;
  const waitSeconds = rest.waitSeconds ?? 42;
  return {
    wants: lockTarget(),
    waitSeconds,
    blockedBy: [4711],
    queuedBehind: [],
    depth: 1,
    ...rest,
    session: session({
      pid: 5001,
      waitEventType: "Lock",
      waitEvent: "transactionid",
      xactAgeSeconds: waitSeconds,
      queryAgeSeconds: waitSeconds,
      stateAgeSeconds: waitSeconds,
      query: "update orders set state = $1 where id = $2",
      ...of,
    }),
  };
}

/** One root and those below it; totals follow from the waiters unless given. */
export function lockTree(root: Session | LockRoot, waiters: readonly LockWaiter[], overrides: Partial<LockTree> = {}): LockTree {
  return {
    root: "kind" in root ? root : { kind: "session", session: root },
    holds: [...new Map(waiters.filter(({ depth }) => depth === 1).map(({ wants }) => [JSON.stringify(wants), wants])).values()],
    blocked: waiters.length,
    direct: waiters.filter(({ depth }) => depth === 1).length,
    depth: Math.max(0, ...waiters.map(({ depth }) => depth)),
    longestWaitSeconds: Math.max(0, ...waiters.map(({ waitSeconds }) => waitSeconds)),
    waiters: [...waiters],
    ...overrides,
  };
}

export function database(overrides: Partial<PgDatabases["databases"][number]> = {}): PgDatabases["databases"][number] {
  return {
    name: "orders",
    sizeBytes: 12 * GIB,
    connections: 22,
    connectionLimit: -1,
    allowsConnections: true,
    isTemplate: false,
    commitsPerSecond: 210,
    rollbacksPerSecond: 0.3,
    blocksReadPerSecond: 40,
    blocksHitPerSecond: 21_000,
    hitRatio: 0.998,
    rowsReturnedPerSecond: 9_000,
    rowsFetchedPerSecond: 4_000,
    rowsInsertedPerSecond: 180,
    rowsUpdatedPerSecond: 240,
    rowsDeletedPerSecond: 4,
    tempFilesInWindow: 0,
    tempBytesPerSecond: 0,
    deadlocksInWindow: 0,
    deadlocksTotal: 3,
    conflictsInWindow: 0,
    conflictsTotal: 0,
    sessionsStartedInWindow: 1,
    checksumFailures: 0,
    checksumLastFailure: null,
    freezeAge: 41_000_000,
    multixactAge: 12_000,
    statsReset: ago(40 * DAY),
    ...overrides,
  };
}

export function table(overrides: Partial<Table> = {}): Table {
  return {
    schema: "public",
    name: "orders",
    kind: "r",
    sizeBytes: 2 * GIB,
    liveRows: 8_000_000,
    deadRows: 120_000,
    vacuumThresholdRows: 1_600_050,
    modifiedSinceAnalyze: 90_000,
    analyzeThresholdRows: 800_050,
    seqScansPerSecond: 0,
    seqRowsReadPerSecond: 0,
    indexScansPerSecond: 900,
    rowsInsertedPerSecond: 60,
    rowsUpdatedPerSecond: 120,
    hotUpdatesPerSecond: 110,
    rowsDeletedPerSecond: 1,
    seqScansTotal: 14,
    indexScansTotal: 90_000_000,
    lastVacuum: null,
    lastAutovacuum: ago(5 * 3_600),
    lastAnalyze: null,
    lastAutoanalyze: ago(3 * 3_600),
    freezeAge: 38_000_000,
    multixactAge: 12_000,
    freezeMaxAge: 200_000_000,
    autovacuumEnabled: true,
    options: [],
    indexes: 3,
    estimatedBloatBytes: 60 * MIB,
    lockedExclusively: false,
    ...overrides,
  };
}

export function index(overrides: Partial<Index> = {}): Index {
  return {
    schema: "public",
    name: "orders_customer_id_idx",
    table: "orders",
    sizeBytes: 170 * MIB,
    scans: 4_000_000,
    unique: false,
    backsConstraint: false,
    method: "btree",
    columns: ["customer_id"],
    ...overrides,
  };
}

export function statement(overrides: Partial<PgStatements["statements"][number]> = {}): PgStatements["statements"][number] {
  return {
    queryId: "8812345678901234567",
    database: "orders",
    role: "app",
    query: "select * from orders where id = $1",
    callsPerSecond: 160,
    timePerSecondMs: 32,
    meanMs: 0.2,
    rowsPerCall: 1,
    sharedBlocksHitPerSecond: 800,
    sharedBlocksReadPerSecond: 4,
    tempBlocksWrittenPerSecond: 0,
    walBytesPerSecond: 0,
    totalCalls: 600_000_000,
    totalTimeMs: 120_000_000,
    totalTempBlocksWritten: 0,
    jitTimeMs: 0,
    ...overrides,
  };
}

export function sequence(overrides: Partial<PgSequences["sequences"][number]> = {}): PgSequences["sequences"][number] {
  return {
    schema: "public",
    name: "orders_id_seq",
    lastValue: 1_200_000_000,
    limit: 2_147_483_647,
    increment: 1,
    usedRatio: 0.559,
    remaining: 947_483_647,
    cycles: false,
    type: "integer",
    column: { schema: "public", name: "orders", column: "id", type: "integer" },
    ...overrides,
  };
}

export function replicationSlot(overrides: Partial<ReplicationSlot> = {}): ReplicationSlot {
  return {
    name: "standby_1",
    type: "physical",
    database: null,
    active: true,
    activePid: 901,
    temporary: false,
    walStatus: "reserved",
    retainedBytes: 2 * MIB,
    safeWalBytes: null,
    xminAge: 40,
    catalogXminAge: null,
    inactiveSeconds: null,
    invalidationReason: null,
    growthBytesPerSecond: 0,
    ...overrides,
  };
}

export function sessionHolder(overrides: Partial<Extract<XminHolder, { kind: "session" }>> = {}): XminHolder {
  return {
    kind: "session",
    pid: 4711,
    backendStart: ago(3_600),
    application: "checkout",
    role: "app",
    database: "orders",
    state: "active",
    xactAgeSeconds: 0.5,
    age: 40,
    ...overrides,
  };
}

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const DAY = 86_400;

function healthyValue(id: string): unknown {
  if (id === "complaint") return { text: "", sqlStates: [] };
  return new Map<string, unknown>(Object.entries(healthy())).get(id);
}

/** Nobody has complained about a healthy server: every evidence but that. */
function healthy(): Omit<Evidence, "complaint"> {
  return {
    "pg.connect": {
      outcome: "connected",
      host: "db1.example.com",
      port: 5432,
      database: "orders",
      role: "helpdesk",
      sslMode: "verify-full",
      addresses: ["10.0.0.5"],
      stage: "ready",
      latencyMs: 11,
      sqlState: null,
      errorCode: null,
      message: null,
      detail: null,
      serverOffersTls: true,
      tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" },
      certificate: {
        subject: "CN=db1.example.com",
        issuer: "CN=Example CA",
        validFrom: ago(100 * DAY),
        validTo: ago(-200 * DAY),
        names: ["db1.example.com"],
        selfSigned: false,
      },
      passwordGiven: true,
    },
    "pg.server": {
      versionNum: 180_004,
      version: "18.4",
      flavour: "community",
      startedAt: ago(30 * DAY),
      uptimeSeconds: 30 * DAY,
      configLoadedAt: ago(9 * DAY),
      inRecovery: false,
      expectedRole: null,
      defaultTransactionReadOnly: false,
      database: "orders",
      role: {
        name: "helpdesk",
        superuser: false,
        replication: false,
        monitor: true,
        readAllStats: true,
        readAllSettings: true,
        signalBackend: false,
        mayUseReservedSlots: false,
      },
      dataChecksums: true,
      postmasterRestartedDuringSampling: false,
    },
    "pg.slots": { max: 100, reserved: 3, superuserReserved: 3, usable: 97, used: 24, ours: 2, roles: [], databases: [] },
    "pg.sessions": {
      total: 22,
      active: 4,
      idle: 17,
      idleInTransaction: 1,
      idleInTransactionAborted: 0,
      waitingForLock: 0,
      idleLong: 2,
      startedLastMinute: 1,
      statesVisible: true,
      groups: [
        sessionGroup(),
        sessionGroup({
          application: "reports",
          role: "reporting",
          client: "10.0.0.30",
          total: 6,
          active: 1,
          idle: 5,
          idleInTransaction: 0,
          idleLong: 2,
          startedLastMinute: 1,
          oldestXactSeconds: 0.5,
          longestIdleInTransactionSeconds: null,
        }),
      ],
      oldestTransactions: [
        session({ pid: 4801, application: "reports", role: "reporting", client: "10.0.0.30", xactAgeSeconds: 0.5, queryAgeSeconds: 0.5 }),
        parkedSession(0.003, { pid: 4711 }),
      ],
      longestStatements: [session({ pid: 4801, application: "reports", role: "reporting", client: "10.0.0.30", queryAgeSeconds: 0.5 })],
      idleInTransactionSessions: [parkedSession(0.003, { pid: 4711 })],
    },
    "pg.locks": { waiting: 0, trees: [], cycles: [], lockTableCapacity: 7_040, locksHeld: 41 },
    "pg.waits": {
      samples: 30,
      intervalMs: 100,
      seconds: 3,
      averageActive: 2.4,
      events: [
        { type: null, event: null, averageSessions: 1.6 },
        { type: "IO", event: "WalSync", averageSessions: 0.5 },
        { type: "Lock", event: "transactionid", averageSessions: 0.2 },
        { type: "LWLock", event: "WALWrite", averageSessions: 0.1 },
      ],
      statements: [
        {
          queryId: "8812345678901234567",
          query: "select * from orders where id = $1",
          type: null,
          event: null,
          averageSessions: 1.4,
        },
      ],
      lockWaits: [
        {
          event: "transactionid",
          averageSessions: 0.2,
          distinctWaits: 5,
          longestWaitSeconds: 0.02,
          relation: { schema: "public", name: "orders" },
        },
      ],
    },
    "pg.databases": {
      windowSeconds: 3,
      databases: [
        database(),
        database({
          name: "postgres",
          sizeBytes: 8 * MIB,
          connections: 0,
          commitsPerSecond: 0.3,
          rollbacksPerSecond: 0,
          blocksReadPerSecond: 0,
          blocksHitPerSecond: 20,
          hitRatio: 1,
          rowsReturnedPerSecond: 90,
          rowsFetchedPerSecond: 20,
          rowsInsertedPerSecond: 0,
          rowsUpdatedPerSecond: 0,
          rowsDeletedPerSecond: 0,
          deadlocksTotal: 0,
          sessionsStartedInWindow: 0,
        }),
      ],
    },
    "pg.tables": {
      database: "orders",
      windowSeconds: 3,
      total: 48,
      totalBytes: 11 * GIB,
      overVacuumThreshold: 0,
      withAutovacuumDisabled: 0,
      statsReset: ago(40 * DAY),
      tables: [
        table(),
        table({
          name: "customers",
          sizeBytes: 300 * MIB,
          liveRows: 900_000,
          deadRows: 8_000,
          vacuumThresholdRows: 180_050,
          modifiedSinceAnalyze: 4_000,
          analyzeThresholdRows: 90_050,
          estimatedBloatBytes: 6 * MIB,
        }),
      ],
    },
    "pg.indexes": {
      database: "orders",
      total: 96,
      statsSince: ago(40 * DAY),
      statsAgeSeconds: 40 * DAY,
      invalid: [],
      duplicates: [],
      unused: [],
      unindexedForeignKeys: [],
    },
    "pg.statements": {
      windowSeconds: 3,
      statsReset: ago(40 * DAY),
      deallocations: 0,
      entries: 310,
      statements: [
        statement(),
        statement({
          queryId: "7712345678901234567",
          query: "update orders set state = $1 where id = $2",
          callsPerSecond: 120,
          timePerSecondMs: 60,
          meanMs: 0.5,
          walBytesPerSecond: 90_000,
        }),
      ],
    },
    "pg.replication": {
      inRecovery: false,
      synchronousStandbyNames: "",
      synchronousCommit: "on",
      senders: [
        {
          pid: 901,
          backendStart: ago(9 * DAY),
          application: "standby1",
          role: "replicator",
          client: "10.0.0.6",
          state: "streaming",
          syncState: "async",
          replayLagBytes: 24_000,
          writeLagSeconds: 0.002,
          flushLagSeconds: 0.004,
          replayLagSeconds: 0.005,
          xminAge: 40,
          replyAgeSeconds: 0.4,
          slot: "standby_1",
        },
      ],
      slots: [replicationSlot()],
      standby: null,
      subscriptions: [],
    },
    "pg.wal": {
      windowSeconds: 3,
      bytesPerSecond: 240_000,
      directoryBytes: 1.1 * GIB,
      segments: 70,
      segmentBytes: 16 * MIB,
      maxWalSizeBytes: 4 * GIB,
      minWalSizeBytes: GIB,
      walKeepSizeBytes: 0,
      maxSlotWalKeepBytes: 50 * GIB,
      archiver: {
        mode: "on",
        configured: true,
        archived: 41_000,
        failed: 2,
        lastArchivedWal: "0000000100000A1200000041",
        lastArchivedAt: ago(50),
        lastArchivedAgeSeconds: 50,
        lastFailedWal: "00000001000008AA00000010",
        lastFailedAt: ago(20 * DAY),
        lastFailedAgeSeconds: 20 * DAY,
        failedInWindow: 0,
        waitingSegments: 0,
      },
      checkpoints: {
        timed: 8_600,
        requested: 12,
        timedInWindow: 0,
        requestedInWindow: 0,
        timeoutSeconds: 300,
        completionTarget: 0.9,
        writeTimeMs: 2_000_000_000,
        syncTimeMs: 90_000,
        statsAgeSeconds: 30 * DAY,
        lastCheckpointAgeSeconds: 140,
      },
      buffers: {
        checkpointerPerSecond: 120,
        bgwriterPerSecond: 10,
        backendsPerSecond: null,
        bgwriterStoppedInWindow: 0,
        bgwriterLruMaxPages: 100,
      },
    },
    "pg.vacuum": {
      enabled: true,
      trackCounts: true,
      maxWorkers: 3,
      naptimeSeconds: 60,
      costDelayMs: 2,
      costLimit: 200,
      freezeMaxAge: 200_000_000,
      multixactFreezeMaxAge: 400_000_000,
      running: [],
      holders: [
        { kind: "standby", application: "standby1", client: "10.0.0.6", age: 40 },
        sessionHolder({ pid: 4801, application: "reports", role: "reporting" }),
      ],
      holdersVisible: true,
      oldestFreezeAge: 41_000_000,
      oldestMultixactAge: 12_000,
    },
    "pg.settings": {
      nonDefault: [
        { name: "shared_buffers", value: "524288", unit: "8kB", source: "configuration file", pendingRestart: false },
        { name: "max_wal_size", value: "4096", unit: "MB", source: "configuration file", pendingRestart: false },
      ],
      values: {},
      overrides: [],
      fileErrors: [],
      hbaErrors: [],
      extensions: ["pg_stat_statements", "plpgsql"],
    },
    "pg.sequences": { total: 31, sequences: [sequence()], keys: [] },
    "pg.prepared": { max: 0, transactions: [] },
    "pg.disk": {
      databases: [
        { name: "orders", sizeBytes: 12 * GIB },
        { name: "postgres", sizeBytes: 8 * MIB },
      ],
      tablespaces: [
        { name: "pg_default", sizeBytes: 12 * GIB, location: "" },
        { name: "pg_global", sizeBytes: MIB, location: "" },
      ],
      walBytes: 1.1 * GIB,
      tempBytes: 0,
      dataDirectory: null,
    },
  };
}

function merge(base: unknown, override: unknown): unknown {
  if (!isPlain(base) || !isPlain(override)) return override;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(override)) if (value !== undefined) merged[key] = merge(merged[key], value);
  return merged;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
