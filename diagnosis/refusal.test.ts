import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PgConnect } from "./evidence/pg-connection.ts";
import { refusedConnect } from "./example.ts";
import { type Refusal, refusalOf } from "./refusal.ts";

function classified(connect: Partial<PgConnect>): Refusal | null {
  return refusalOf(refusedConnect(connect));
}

describe("a failure without a word from PostgreSQL is told by its code and stage", () => {
  const cases: readonly (readonly [Partial<PgConnect>, Refusal])[] = [
    [{ stage: "resolve", errorCode: "ENOTFOUND" }, "name-not-resolved"],
    [{ stage: "resolve", errorCode: "EAI_AGAIN" }, "name-not-resolved"],
    [{ stage: "connect", errorCode: "ECONNREFUSED" }, "nothing-listens"],
    [{ stage: "connect", errorCode: "ENOENT", host: "/var/run/postgresql" }, "nothing-listens"],
    [{ stage: "connect", errorCode: "ETIMEDOUT" }, "unreachable"],
    [{ stage: "connect", errorCode: "EHOSTUNREACH" }, "unreachable"],
    [{ stage: "connect", errorCode: "ENETUNREACH" }, "unreachable"],
    [{ stage: "authenticate", errorCode: "ETIMEDOUT" }, "no-answer"],
    [{ stage: "tls", errorCode: "ETIMEDOUT" }, "no-answer"],
    [{ stage: "authenticate", errorCode: "ECONNRESET" }, "dropped"],
    [{ stage: "tls", errorCode: "TLS_NOT_OFFERED", serverOffersTls: false, sslMode: "require" }, "tls-mismatch"],
    [{ stage: "tls", errorCode: "DEPTH_ZERO_SELF_SIGNED_CERT" }, "tls-mismatch"],
    [{ stage: "tls", errorCode: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" }, "tls-mismatch"],
    [{ stage: "tls", errorCode: "ERR_TLS_CERT_ALTNAME_INVALID" }, "tls-mismatch"],
    [{ stage: "tls", errorCode: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION" }, "tls-mismatch"],
    [{ stage: "tls", errorCode: "CERT_HAS_EXPIRED" }, "certificate-out-of-date"],
    [{ stage: "tls", errorCode: "CERT_NOT_YET_VALID" }, "certificate-out-of-date"],
    [{ stage: "authenticate", errorCode: "PASSWORD_REQUIRED", passwordGiven: false }, "wrong-password"],
    [{ stage: "authenticate", errorCode: "UNKNOWN" }, "other"],
    [{ stage: "resolve", errorCode: "ETIMEDOUT" }, "other"],
  ];
  for (const [connect, refusal] of cases) {
    it(`${connect.errorCode} at ${connect.stage}: ${refusal}`, () => assert.equal(classified(connect), refusal));
  }
});

describe("PostgreSQL's refusal is told by its SQLSTATE", () => {
  const cases: readonly (readonly [string, string, Refusal])[] = [
    ["28P01", 'password authentication failed for user "app"', "wrong-password"],
    ["3D000", 'database "orders" does not exist', "database-missing"],
    ["57P01", "terminating connection due to administrator command", "shutting-down"],
    ["57P02", "terminating connection because of crash of another server process", "starting"],
    ["42501", 'permission denied for database "orders"', "other"],
    ["XX000", "something that nobody has seen", "other"],
  ];
  for (const [sqlState, message, refusal] of cases) {
    it(`${sqlState} is ${refusal}`, () => assert.equal(classified({ sqlState, message }), refusal));
  }
});

describe("words decide only where one SQLSTATE stands for several things, in whatever language they come", () => {
  const cases: readonly (readonly [string, Refusal, readonly string[]])[] = [
    [
      "57P03",
      "shutting-down",
      [
        "the database system is shutting down",
        "das Datenbanksystem fährt herunter",
        "el sistema de base de datos está apagándose",
        "le système de base de données s'arrête",
        "il database si sta spegnendo",
        "データベースシステムはシャットダウンしています",
        "데이터베이스 시스템이 중지 중입니다",
        "система баз данных останавливается",
        "数据库系统停止中",
      ],
    ],
    [
      "57P03",
      "starting",
      [
        "the database system is starting up",
        "the database system is in recovery mode",
        "the database system is not yet accepting connections",
        "das Datenbanksystem startet",
        "el sistema de base de datos está iniciándose",
        "le système de bases de données est en cours de restauration",
        "il database si sta avviando",
        "データベースシステムは起動処理中です",
        "система баз данных запускается",
        "数据库系统启动中",
      ],
    ],
    ["57P03", "other", ["tietokanta ei vastaa"]],
    [
      "28000",
      "role-missing",
      [
        'role "app" does not exist',
        "Rolle »app« existiert nicht",
        "no existe el rol «app»",
        "le rôle « app » n'existe pas",
        'il ruolo "app" non esiste',
        'ロール"app"は存在しません',
        'роль "app" не существует',
        '角色 "app" 不存在',
      ],
    ],
    [
      "28000",
      "other",
      [
        'role "app" is not permitted to log in',
        "Rolle »app« hat keine Berechtigung zum Einloggen",
        'Peer authentication failed for user "app"',
      ],
    ],
    [
      "28000",
      "hba-rejects",
      [
        'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", SSL encryption',
        "kein pg_hba.conf-Eintrag für Host »10.0.0.9«, Benutzer »app«, Datenbank »orders«, SSL-Verschlüsselung",
        'pg_hba.conf rejects connection for host "10.0.0.9", user "app", database "orders", no encryption',
      ],
    ],
    [
      "53300",
      "no-slots",
      [
        "sorry, too many clients already",
        "tut mir leid, schon zu viele Verbindungen",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "désolé, trop de clients sont déjà connectés",
      ],
    ],
    [
      "53300",
      "role-limit",
      ['too many connections for role "app"', "zu viele Verbindungen von Rolle »app«", "trop de connexions pour le rôle « app »"],
    ],
    [
      "53300",
      "database-limit",
      [
        'too many connections for database "orders"',
        "zu viele Verbindungen für Datenbank »orders«",
        "demasiadas conexiones para la base de datos «orders»",
      ],
    ],
  ];
  for (const [sqlState, refusal, messages] of cases) {
    for (const message of messages) {
      it(`${sqlState} "${message}": ${refusal}`, () => {
        assert.equal(classified({ sqlState, message, role: "app", database: "orders", sslMode: "require" }), refusal);
      });
    }
  }
});

describe("a refusal by pg_hba.conf is about TLS only where TLS was not tried and may be had", () => {
  const plain = { sqlState: "28000", message: 'no pg_hba.conf entry for host "10.0.0.9", user "app", database "orders", no encryption' };
  it("sslmode=disable, and the server offers TLS or was never asked", () => {
    assert.equal(classified({ ...plain, sslMode: "disable", serverOffersTls: true }), "tls-required");
    assert.equal(classified({ ...plain, sslMode: "disable", serverOffersTls: null }), "tls-required");
  });
  it("not where the server has no TLS, where both ways were tried, or where a line says reject", () => {
    assert.equal(classified({ ...plain, sslMode: "disable", serverOffersTls: false }), "hba-rejects");
    assert.equal(classified({ ...plain, sslMode: "prefer", serverOffersTls: false }), "hba-rejects");
    assert.equal(classified({ ...plain, sslMode: "prefer", serverOffersTls: true }), "hba-rejects");
    const rejected = 'pg_hba.conf rejects connection for host "10.0.0.9", user "app", database "orders", no encryption';
    assert.equal(classified({ ...plain, message: rejected, sslMode: "disable" }), "hba-rejects");
  });
});

it("a limit of a database that is named like its role is told by the word for database", () => {
  const named = { sqlState: "53300", role: "shop", database: "shop" };
  assert.equal(classified({ ...named, message: 'too many connections for role "shop"' }), "role-limit");
  assert.equal(classified({ ...named, message: 'too many connections for database "shop"' }), "database-limit");
});

it("a connection that was made is no refusal", () => {
  assert.equal(classified({ outcome: "connected", stage: "ready", errorCode: null }), null);
});
