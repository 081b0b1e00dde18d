import { readFile } from "node:fs/promises";
import { Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type pg from "pg";
import type { PgConnect } from "../../diagnosis/evidence/pg-connection.ts";
import { untrusted } from "../../kernel/untrusted.ts";
import type { ConnectionSettings, SslMode } from "./connection-settings.ts";

/** A login that worked, or how far it came. Never throws for anything that the network or the server did. */
export type Login =
  | { readonly client: pg.Client; readonly evidence: PgConnect }
  | { readonly client: null; readonly evidence: PgConnect; readonly error: Error };

/** As errorCode: the server asked, and there was nothing to answer. */
const PASSWORD_REQUIRED = "PASSWORD_REQUIRED";

const CERTIFICATE_TIMEOUT_MS = 1500;

/**
 * Logs in as libpq would: `prefer` (the default) takes TLS when the server offers it and does without otherwise,
 * `allow` the other way round. A server that rejects one way by pg_hba.conf is tried the other way, too.
 */
export async function logIn(settings: ConnectionSettings, signal: AbortSignal): Promise<Login> {
  const [first, second] = attemptsFor(settings.tls.mode, settings.host);
  const login = await attempt(settings, first, signal);
  if (login.client !== null || second === undefined || !isWorthTheOtherWay(login.evidence)) return withCertificate(login, settings, signal);
  const other = await attempt(settings, second, signal);
  if (other.client !== null) return other;
  // The second refusal says more only when the first never spoke to PostgreSQL.
  if (login.evidence.sqlState !== null) return withCertificate(login, settings, signal);
  const serverOffersTls = other.evidence.serverOffersTls ?? login.evidence.serverOffersTls;
  return { ...other, evidence: { ...other.evidence, serverOffersTls } };
}

type Way = "plain" | "tls";

function attemptsFor(mode: SslMode, host: string): readonly [Way, Way?] {
  if (host.startsWith("/")) return ["plain"];
  switch (mode) {
    case "disable":
      return ["plain"];
    case "allow":
      return ["plain", "tls"];
    case "prefer":
      return ["tls", "plain"];
    case "require":
    case "verify-ca":
    case "verify-full":
      return ["tls"];
    default:
      return mode satisfies never;
  }
}

/** No TLS here, or pg_hba.conf has no line for this way of connecting (28000). */
function isWorthTheOtherWay(evidence: PgConnect): boolean {
  return evidence.serverOffersTls === false || evidence.sqlState === "28000";
}

async function attempt(settings: ConnectionSettings, way: Way, signal: AbortSignal): Promise<Login> {
  const { default: driver } = await import("pg");
  const begun = performance.now();
  const trace: Trace = { stage: "resolve", addresses: [], offersTls: null, passwordGiven: false };
  const socket = watched(new Socket(), trace, settings.host);
  let client: pg.Client | null = null;
  let timedOut = false;
  const giveUp = () => socket.destroy(new Error("given up"));
  const timer = setTimeout(() => {
    timedOut = true;
    giveUp();
  }, settings.connectTimeoutMs);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    signal.throwIfAborted();
    client = new driver.Client({
      host: settings.host,
      port: settings.port,
      database: settings.database,
      user: settings.role,
      password: async () => {
        const password = (await settings.password()) ?? "";
        trace.passwordGiven = password !== "";
        if (password === "")
          throw Object.assign(new Error("the server asks for a password and none is configured"), { code: PASSWORD_REQUIRED });
        return password;
      },
      ssl: way === "tls" ? await tlsOptions(settings) : false,
      application_name: settings.application,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      stream: () => socket,
      pipeline: true,
    });
    client.on("error", () => undefined);
    await client.connect();
    const evidence = {
      ...describe(settings, way, trace, begun),
      ...secured(client.connection.stream),
      outcome: "connected",
      stage: "ready",
    } as const;
    return { client, evidence };
  } catch (thrown) {
    client?.end().catch(() => undefined);
    socket.destroy();
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return {
      client: null,
      error,
      evidence: {
        ...describe(settings, way, trace, begun),
        ...refusal(error, timedOut || signal.aborted, trace),
        // What PostgreSQL itself refused over TLS is not about TLS.
        ...("severity" in error && secured(client?.connection.stream)),
      },
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

interface Trace {
  stage: PgConnect["stage"];
  addresses: string[];
  offersTls: boolean | null;
  passwordGiven: boolean;
}

/** Follows the socket, so that a failure can say how far it came. */
function watched(socket: Socket, trace: Trace, host: string): Socket {
  if (host.startsWith("/")) trace.stage = "connect";
  socket.on("lookup", (error, address) => {
    if (error) return;
    trace.stage = "connect";
    if (!trace.addresses.includes(address)) trace.addresses.push(address);
  });
  socket.on("connectionAttempt", (address) => {
    trace.stage = "connect";
    if (!host.startsWith("/") && !trace.addresses.includes(address)) trace.addresses.push(address);
  });
  socket.on("connect", () => {
    trace.stage = "tls";
  });
  return socket;
}

function describe(settings: ConnectionSettings, way: Way, trace: Trace, begun: number): PgConnect {
  return {
    outcome: "failed",
    host: settings.host,
    port: settings.port,
    database: settings.database,
    role: settings.role,
    sslMode: settings.tls.mode,
    addresses: trace.addresses,
    stage: trace.stage === "tls" && way === "plain" ? "authenticate" : trace.stage,
    latencyMs: performance.now() - begun,
    sqlState: null,
    errorCode: null,
    message: null,
    detail: null,
    serverOffersTls: trace.offersTls,
    tls: null,
    certificate: null,
    passwordGiven: trace.passwordGiven,
  };
}

function secured(stream: unknown): Partial<PgConnect> {
  if (!(stream instanceof TLSSocket)) return {};
  return {
    serverOffersTls: true,
    tls: { version: stream.getProtocol() ?? "", cipher: stream.getCipher().name },
    certificate: certificateOf(stream),
  };
}

/** Texts by which the driver, not the server, speaks. */
const NO_TLS = "The server does not support SSL connections";

function refusal(
  error: Error & { code?: unknown; severity?: unknown; detail?: unknown },
  timedOut: boolean,
  trace: Trace,
): Partial<PgConnect> {
  const code = typeof error.code === "string" ? error.code : null;
  const fromServer = typeof error.severity === "string";
  const offersTls = error.message === NO_TLS ? false : null;
  return {
    sqlState: fromServer ? code : null,
    errorCode: fromServer ? null : timedOut ? "ETIMEDOUT" : offersTls === false ? "TLS_NOT_OFFERED" : (code ?? codeOf(error)),
    message: timedOut ? "no answer in time" : untrusted(error.message, 400),
    detail: typeof error.detail === "string" ? untrusted(error.detail, 400) : null,
    serverOffersTls: offersTls,
    ...(fromServer && { stage: "authenticate" as const }),
    ...(trace.stage === "resolve" && !fromServer && { stage: "resolve" as const }),
  };
}

/** Failures that come without a code. */
function codeOf(error: Error & { errors?: unknown }): string {
  if (Array.isArray(error.errors)) {
    const inner: unknown = error.errors[0];
    if (inner instanceof Error && "code" in inner && typeof inner.code === "string") return inner.code;
  }
  return /terminated unexpectedly/.test(error.message) ? "ECONNRESET" : "UNKNOWN";
}

async function tlsOptions({ tls, host }: ConnectionSettings): Promise<Exclude<pg.ClientConfig["ssl"], boolean | undefined>> {
  const verify = tls.mode === "verify-ca" || tls.mode === "verify-full" || (tls.mode === "require" && tls.rootCertificate !== undefined);
  const read = (path: string | undefined) => (path === undefined || path === "system" ? undefined : readFile(path, "utf8"));
  const [ca, cert, key] = await Promise.all([read(tls.rootCertificate), read(tls.certificate), read(tls.key)]);
  return {
    rejectUnauthorized: verify,
    servername: /^[\d.]+$|:/.test(host) ? "" : host,
    ...(tls.mode !== "verify-full" && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/**
 * Adds the certificate to a TLS failure: looking at it needs no trust. A refusal by pg_hba.conf without TLS may be for the
 * want of it, so that then, too, the server is asked whether it has any.
 */
async function withCertificate(login: Login, settings: ConnectionSettings, signal: AbortSignal): Promise<Login> {
  const { evidence } = login;
  if (login.client !== null || evidence.serverOffersTls !== null || evidence.errorCode === "ETIMEDOUT") return login;
  if (evidence.stage !== "tls" && evidence.sqlState !== "28000") return login;
  if (settings.host.startsWith("/")) return login;
  const certificate = await fetchCertificate(settings, signal).catch(() => undefined);
  if (certificate === undefined) return login;
  return { ...login, evidence: { ...evidence, certificate, serverOffersTls: certificate !== null } };
}

/** SSLRequest (protocol, "SSL Session Encryption"), then a handshake that verifies nothing, and goodbye. */
async function fetchCertificate({ host, port }: ConnectionSettings, signal: AbortSignal): Promise<PgConnect["certificate"]> {
  const request = Buffer.alloc(8);
  request.writeInt32BE(8, 0);
  request.writeInt32BE(80_877_103, 4);
  const socket = new Socket();
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(CERTIFICATE_TIMEOUT_MS)]);
  try {
    return await new Promise((resolve, reject) => {
      timeout.addEventListener("abort", () => reject(timeout.reason), { once: true });
      socket.once("error", reject);
      socket.once("data", (answer) => {
        if (answer.toString("latin1") !== "S") return resolve(null);
        const secure = connectTls({ socket, rejectUnauthorized: false, checkServerIdentity: () => undefined });
        secure.once("error", reject);
        secure.once("secureConnect", () => resolve(certificateOf(secure)));
      });
      socket.connect(port, host, () => socket.write(request));
    });
  } finally {
    socket.destroy();
  }
}

function certificateOf(stream: TLSSocket): PgConnect["certificate"] {
  const certificate = stream.getPeerCertificate();
  if (certificate.valid_to === undefined) return null;
  const nameOf = (name: { CN?: string | string[]; O?: string | string[] } | undefined) => untrusted(String(name?.CN ?? name?.O ?? ""), 200);
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    validFrom: new Date(certificate.valid_from).toISOString(),
    validTo: new Date(certificate.valid_to).toISOString(),
    names: (certificate.subjectaltname ?? "")
      .split(", ")
      .flatMap((name) => (name === "" ? [] : [untrusted(name.replace(/^(DNS|IP Address):/, ""), 200)])),
    selfSigned: JSON.stringify(certificate.subject) === JSON.stringify(certificate.issuer),
  };
}
