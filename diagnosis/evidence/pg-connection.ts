import { z } from "zod";
import { count, milliseconds, seconds, time, untrusted } from "./units.ts";

/** How far a connection came, with what the server or the network said. Being refused is evidence. */
export const PgConnect = z.object({
  outcome: z.enum(["connected", "failed"]),
  host: z.string(),
  port: z.number(),
  database: z.string(),
  role: z.string(),
  /** The sslmode asked for. */
  sslMode: z.string(),
  /** Addresses that the name resolved to; empty for a socket directory or when it did not resolve. */
  addresses: z.array(z.string()),
  /** The last step that was begun: name resolution, TCP, TLS, the startup packet and authentication, done. */
  stage: z.enum(["resolve", "connect", "tls", "authenticate", "ready"]),
  latencyMs: milliseconds,
  /** PostgreSQL's SQLSTATE when the server refused: 28P01, 28000, 3D000, 53300, 57P03... */
  sqlState: z.string().nullable(),
  /** The operating system's or TLS library's code: ECONNREFUSED, ENOTFOUND, ETIMEDOUT, CERT_HAS_EXPIRED... */
  errorCode: z.string().nullable(),
  /** The refusal in the server's or the library's words, redacted. Its language is the server's. */
  message: untrusted.nullable(),
  detail: untrusted.nullable(),
  /** True when the server answered the SSLRequest with S, false with N, null when it was never asked. */
  serverOffersTls: z.boolean().nullable(),
  tls: z
    .object({
      version: z.string(),
      cipher: z.string(),
    })
    .nullable(),
  /** The server's certificate, fetched without trusting it when TLS is offered. */
  certificate: z
    .object({
      subject: z.string(),
      issuer: z.string(),
      validFrom: time,
      validTo: time,
      names: z.array(z.string()),
      selfSigned: z.boolean(),
    })
    .nullable(),
  /** Whether a password was to be had for this target; never the password. */
  passwordGiven: z.boolean(),
});
export type PgConnect = z.output<typeof PgConnect>;

/** What a person said is wrong. `sqlStates` are recognised from well-known messages, by an explicit table. */
export const Complaint = z.object({
  text: untrusted,
  sqlStates: z.array(z.string()),
});
export type Complaint = z.output<typeof Complaint>;

export const PgServer = z.object({
  /** server_version_num: 150018. */
  versionNum: count,
  version: z.string(),
  flavour: z.enum(["community", "alloydb-omni", "alloydb", "aurora", "rds", "cloud-sql", "azure", "unknown"]),
  startedAt: time,
  uptimeSeconds: seconds,
  configLoadedAt: time,
  inRecovery: z.boolean(),
  /** What the inventory says that this target is; null when it says nothing. */
  expectedRole: z.enum(["primary", "standby"]).nullable(),
  /** default_transaction_read_only as this session got it at login, before we set our own. */
  defaultTransactionReadOnly: z.boolean(),
  database: z.string(),
  /** What our own role may do: it decides what can be seen and offered. */
  role: z.object({
    name: z.string(),
    superuser: z.boolean(),
    replication: z.boolean(),
    monitor: z.boolean(),
    readAllStats: z.boolean(),
    readAllSettings: z.boolean(),
    signalBackend: z.boolean(),
    mayUseReservedSlots: z.boolean(),
  }),
  dataChecksums: z.boolean(),
  /** Sampled over the time between two looks; null where only one was possible. */
  postmasterRestartedDuringSampling: z.boolean(),
});
export type PgServer = z.output<typeof PgServer>;

/** Connection slots: what max_connections allows, what is kept back, what is taken. */
export const PgSlots = z.object({
  /** max_connections. */
  max: count,
  /** superuser_reserved_connections and, from 16 on, reserved_connections: not for ordinary roles. */
  reserved: count,
  superuserReserved: count,
  /** max - reserved. */
  usable: count,
  /** Client backends, ours included. Background and replication processes do not take these slots. */
  used: count,
  /** Of `used`, our own. */
  ours: count,
  /** Roles with a limit of their own (rolconnlimit >= 0), most used first. */
  roles: z.array(z.object({ role: z.string(), limit: z.number(), used: count })),
  /** Databases with a limit of their own (datconnlimit >= 0), most used first. */
  databases: z.array(z.object({ database: z.string(), limit: z.number(), used: count })),
});
export type PgSlots = z.output<typeof PgSlots>;
