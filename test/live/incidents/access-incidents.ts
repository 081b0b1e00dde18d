import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openSession } from "../../../sandbox/sessions.ts";
import { startStandby } from "../../../sandbox/standby.ts";
import { type Bench, CANARY, defineIncident, type Incident } from "../incident.ts";

const TRUSTED = ["local all all trust", "host all postgres 127.0.0.1/32 trust"];
const nothing = async () => {};

/** Live when a login of our own fails with one of these: SQLSTATEs, or what the network said. */
const fails =
  (...codes: readonly string[]) =>
  async (_bench: Bench, url: string): Promise<boolean> => {
    try {
      await using session = await openSession({ url: () => url });
      return !session.isOpen;
    } catch (error) {
      return codes.length === 0 || (error instanceof Error && "code" in error && codes.includes(String(error.code)));
    }
  };

/** What a client of PostgreSQL says first: whether the server has TLS (manual, "Message Formats", SSLRequest). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** No answer within a second, and no refusal either. */
async function isSilent(_bench: Bench, url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(SSL_REQUEST);
  const answer = new Promise<boolean>((resolve) => {
    for (const event of ["data", "error", "close"]) socket.once(event, () => resolve(false));
  });
  const isWithoutAnswer = await Promise.race([answer, sleep(1000, true)]);
  socket.destroy();
  return isWithoutAnswer;
}

/**
 * A port that drops whoever comes, as a firewall does: its owner is stopped, and its queue of one connection is full.
 * Needs no network, unlike an address that nobody has.
 */
async function openSilentPort(): Promise<{ port: number } & AsyncDisposable> {
  const program =
    'const s = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(s.address().port))';
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(child.stdout, "data");
  const port = Number(String(line));
  child.kill("SIGSTOP");
  const fillers = Array.from({ length: 4 }, () => connect({ host: "127.0.0.1", port }).on("error", () => {}));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill("SIGKILL");
    },
  };
}

/** Nobody gets in, or gets in and may not write. */
export const ACCESS_INCIDENTS: readonly Incident[] = [
  defineIncident({
    cause: "server-down",
    title: "nothing listens where the database was",
    expect: { never: ["port-unreachable", "name-not-resolved", "server-starting-or-recovering"] },
    inject: ({ server }) => server.stop("immediate"),
    isLive: fails("ECONNREFUSED"),
    cure: ({ server }) => server.start(),
  }),

  defineIncident({
    cause: "server-down",
    variant: "watched",
    title: "the database went away under a process that was connected",
    keepsWatch: true,
    expect: { never: ["port-unreachable", "name-not-resolved"] },
    inject: ({ server }) => server.stop("immediate"),
    isLive: fails("ECONNREFUSED"),
    cure: ({ server }) => server.start(),
  }),

  defineIncident({
    cause: "server-starting-or-recovering",
    title: "the server replays, and lets nobody in yet",
    expect: { never: ["server-down", "server-shutting-down"] },
    async inject({ own, server, lookAt }) {
      const standby = own(await startStandby(server, { settings: { hot_standby: false } }));
      lookAt(standby.server.url());
    },
    isLive: fails("57P03"),
  }),

  defineIncident({
    cause: "server-shutting-down",
    title: "an administrator's stop waits for a client that stays",
    expect: { never: ["server-down", "server-starting-or-recovering"] },
    async inject({ server, sessions }) {
      await sessions.open();
      server.kill("SIGTERM");
    },
    isLive: fails("57P03"),
  }),

  defineIncident({
    cause: "server-unresponsive",
    title: "the server hangs: it takes connections, and never says a word",
    expect: { never: ["server-down", "port-unreachable", "server-starting-or-recovering"] },
    inject: async ({ server }) => server.kill("SIGSTOP"),
    isLive: isSilent,
    cure: async ({ server }) => server.kill("SIGCONT"),
  }),

  defineIncident({
    cause: "port-unreachable",
    title: "packets to the port are dropped on their way",
    expect: { never: ["server-down", "name-not-resolved", "server-unresponsive"] },
    async inject({ own, lookAt }) {
      const { port } = own(await openSilentPort());
      lookAt(`postgres://postgres@127.0.0.1:${port}/postgres`);
    },
    isLive: isSilent,
  }),

  defineIncident({
    cause: "name-not-resolved",
    title: "the host's name is nobody's",
    expect: { never: ["server-down", "port-unreachable"] },
    inject: async ({ lookAt }) => lookAt("postgres://postgres@no-such-host.invalid/postgres"),
    isLive: fails("ENOTFOUND", "EAI_AGAIN"),
  }),

  defineIncident({
    cause: "wrong-password",
    title: "the password is not the role's",
    hba: [...TRUSTED, "host all all 127.0.0.1/32 scram-sha-256"],
    expect: { object: { kind: "role", name: "shop_app" }, never: ["role-missing", "hba-rejects"] },
    async inject({ ask, server, lookAt }) {
      await ask("set password_encryption = 'scram-sha-256'; create role shop_app login password 'right'");
      lookAt(server.url({ role: "shop_app" }).replace("@", `:${CANARY}@`));
    },
    isLive: fails("28P01"),
    cure: ({ ask }) => ask(`set password_encryption = 'scram-sha-256'; alter role shop_app password '${CANARY}'`),
  }),

  defineIncident({
    cause: "role-missing",
    title: "the role is not there",
    expect: { object: { kind: "role", name: "shop_app" }, never: ["wrong-password", "hba-rejects"] },
    role: "shop_app",
    inject: nothing,
    isLive: fails("28000"),
    cure: ({ ask }) => ask("create role shop_app login"),
  }),

  defineIncident({
    cause: "database-missing",
    title: "the database is not there",
    expect: { object: { kind: "database", name: "shop" }, never: ["role-missing", "hba-rejects"] },
    inject: async ({ server, lookAt }) => lookAt(server.url({ database: "shop" })),
    isLive: fails("3D000"),
    cure: ({ ask }) => ask("create database shop"),
  }),

  defineIncident({
    cause: "hba-rejects",
    title: "pg_hba.conf has no line for the role",
    hba: TRUSTED,
    role: "shop_app",
    expect: { never: ["role-missing", "wrong-password", "tls-required-or-mismatched"] },
    inject: ({ ask }) => ask("create role shop_app login"),
    isLive: fails("28000"),
  }),

  defineIncident({
    cause: "tls-required-or-mismatched",
    title: "the client insists on TLS, the server has none",
    expect: { never: ["hba-rejects", "server-down"] },
    inject: async ({ server, lookAt }) => lookAt(`${server.url()}?sslmode=require`),
    isLive: fails(),
  }),

  defineIncident({
    cause: "connected-to-standby",
    title: "an application writes to a standby",
    complaint: "ERROR: cannot execute INSERT in a read-only transaction",
    expect: { never: ["default-read-only"] },
    async inject({ own, server, lookAt }) {
      const standby = own(await startStandby(server));
      await standby.untilStreaming();
      lookAt(standby.server.url());
    },
    isLive: async (_bench, url) => {
      await using session = await openSession({ url: () => url });
      return (await session.send("create table written ()").outcome).kind === "failed";
    },
  }),

  defineIncident({
    cause: "default-read-only",
    title: "somebody made the database read-only",
    complaint: "ERROR: cannot execute INSERT in a read-only transaction",
    expect: { never: ["connected-to-standby"] },
    inject: ({ ask }) => ask("alter database postgres set default_transaction_read_only = on"),
    isLive: "select current_setting('default_transaction_read_only') = 'on'",
    cure: ({ ask }) => ask("begin read write; alter database postgres reset default_transaction_read_only; commit"),
  }),
];
