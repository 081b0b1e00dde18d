import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { writeOwned } from "../../sandbox/account.ts";
import { type SandboxServer, startSandbox } from "../../sandbox/server.ts";
import { ask } from "../../sandbox/sessions.ts";
import { selfSigned } from "../self-signed.ts";
import { diagnoseLive, type Seen } from "./diagnose-live.ts";
import { record } from "./record.ts";

const DAY_MS = 86_400_000;
const LOCAL = ["local all all trust", "host all postgres 127.0.0.1/32 trust"];

describe("TLS, on a real server", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox({ hba: [...LOCAL, "hostssl all secured 127.0.0.1/32 trust"] });
    await ask(server, "create extension pg_stat_statements; create role secured login; create role outsider login");
  });
  after(() => server[Symbol.asyncDispose]());

  /** Has the server show a certificate that is valid for so many days from `fromDays` on, and returns where it stands. */
  async function showCertificate(fromDays: number, toDays: number): Promise<string> {
    const at = (days: number) => new Date(Date.now() + days * DAY_MS);
    const { key, certificate } = selfSigned({ name: "localhost", validFrom: at(fromDays), validTo: at(toDays) });
    const file = (name: string) => path.join(server.dataDirectory, name);
    await writeOwned(file("server.key"), key);
    await chmod(file("server.key"), 0o600);
    await writeOwned(file("server.crt"), certificate);
    await server.reload({ ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key" });
    return file("server.crt");
  }

  const urlOf = (role: string, parameters: string) => `postgres://${role}@127.0.0.1:${server.port}/postgres?${parameters}`;

  it("a server without TLS that refuses a client without it refuses the client, not the lack of TLS", async () => {
    const seen = await diagnoseLive(urlOf("outsider", "sslmode=disable"));
    assert.deepEqual(causesOf(seen), ["hba-rejects"]);
  });

  it("a line for hostssl alone keeps out who does not try TLS", async () => {
    await showCertificate(-1, 300);
    const seen = await diagnoseLive(urlOf("secured", "sslmode=disable"));
    assert.deepEqual(causesOf(seen), ["tls-required-or-mismatched"]);
    await record("tls-required-or-mismatched.required", seen.snapshot);
    assert.deepEqual(causesOf(await diagnoseLive(urlOf("secured", "sslmode=require"))), []);
  });

  it("a role without any line is kept out with TLS as well", async () => {
    assert.deepEqual(causesOf(await diagnoseLive(urlOf("outsider", "sslmode=prefer"))), ["hba-rejects"]);
    assert.deepEqual(causesOf(await diagnoseLive(urlOf("outsider", "sslmode=require"))), ["hba-rejects"]);
  });

  it("a certificate that nobody vouches for is no match for verify-full, and one for another name neither", async () => {
    const certificate = await showCertificate(-1, 300);
    const unknown = await diagnoseLive(urlOf("secured", "sslmode=verify-full"));
    assert.deepEqual(causesOf(unknown), ["tls-required-or-mismatched"]);
    assert.match(unknown.diagnosis.causes[0]?.summary ?? "", /issued by "localhost", is not trusted here/);

    const misnamed = await diagnoseLive(urlOf("secured", `sslmode=verify-full&sslrootcert=${encodeURIComponent(certificate)}`));
    assert.deepEqual(causesOf(misnamed), ["tls-required-or-mismatched"]);
    assert.match(misnamed.diagnosis.causes[0]?.summary ?? "", /is for localhost, not for 127\.0\.0\.1/);
  });

  it("an expired certificate keeps out who verifies it, and warns who does not", async () => {
    const certificate = await showCertificate(-400, -3);
    const verified = await diagnoseLive(urlOf("secured", `sslmode=verify-ca&sslrootcert=${encodeURIComponent(certificate)}`));
    assert.deepEqual(causesOf(verified), ["certificate-expired"]);
    assert.equal(verified.diagnosis.causes[0]?.severity, "critical");
    assert.match(verified.diagnosis.causes[0]?.summary ?? "", /expired 3 days ago/);
    await record("certificate-expired", verified.snapshot);

    const careless = await diagnoseLive(urlOf("secured", "sslmode=require"));
    assert.deepEqual(causesOf(careless), ["certificate-expired"]);
    assert.equal(careless.diagnosis.causes[0]?.severity, "warning");
  });
});

describe("logins that the server refuses, on a real server", () => {
  let server: SandboxServer;
  before(async () => {
    server = await startSandbox();
    await ask(server, "create role retired nologin; create role visitor login");
    await ask(server, "create database private");
    await ask(server, "revoke connect on database private from public");
  });
  after(() => server[Symbol.asyncDispose]());

  it("a role that may not log in is told apart from one that is missing", async () => {
    const seen = await diagnoseLive(server, { role: "retired" });
    assert.deepEqual(causesOf(seen), ["login-refused"]);
    assert.match(seen.diagnosis.causes[0]?.advice.join(" ") ?? "", /alter role retired login;/);
    await record("login-refused", seen.snapshot);
    assert.deepEqual(causesOf(await diagnoseLive(server, { role: "nobody" })), ["role-missing"]);
  });

  it("a database that the role may not use is named with the grant", async () => {
    const seen = await diagnoseLive(server, { role: "visitor", database: "private" });
    assert.deepEqual(causesOf(seen), ["login-refused"]);
    assert.match(seen.diagnosis.causes[0]?.advice.join(" ") ?? "", /grant connect on database private to visitor;/);
  });
});

function causesOf({ diagnosis }: Seen): string[] {
  return diagnosis.causes.filter(({ severity }) => severity !== "advice").map(({ id }) => id);
}
