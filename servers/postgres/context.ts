import type { EvidenceId, Snapshot } from "../../diagnosis/evidence.ts";
import type { Call, Target } from "../../kernel/tool.ts";
import type { ServerFacts } from "./probe.ts";
import type { Sql } from "./sql.ts";

/** A database of the inventory. */
export interface PostgresTarget extends Target {
  readonly expectedRole: "primary" | "standby" | null;
  readonly adhocQueries: boolean;
}

export interface CollectOptions {
  /** Which evidence; all when left out. */
  readonly only?: readonly EvidenceId[];
  /** Between the two readings of counters, and the length of wait sampling. Default 3. */
  readonly seconds?: number;
  /** What a person said is wrong. */
  readonly complaint?: string;
}

/** What a tool of this server may use; its parameter's type says which part. */
export interface PostgresContext {
  readonly target: PostgresTarget;
  readonly call: Call;
  /** Read only, by PostgreSQL's own hand. Connects on first use; throws UNREACHABLE when it cannot. */
  readonly sql: Sql;
  /** Connects on first use. */
  server(): Promise<ServerFacts>;
  /** Never throws because the target is down: that is evidence. */
  collect(options?: CollectOptions): Promise<Snapshot>;
  /** For the `run` of tools that change something, after approval: read write, one statement a transaction, committed. */
  readonly act: Sql;
}
