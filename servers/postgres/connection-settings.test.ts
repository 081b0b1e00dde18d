import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ToolError } from "../../kernel/errors.ts";
import {
  connectionSettings,
  type Parameters,
  parametersFromEnvironment,
  parametersFromService,
  parametersFromText,
} from "./connection-settings.ts";

const settings = (parameters: Parameters) => connectionSettings({ parameters, userName: "ada", application: "helpdesk" });

describe("where a database is", () => {
  it("is read from every spelling of the same place", async () => {
    const spellings = [
      "postgres://ann:s3%40cret@db.example:5433/orders?sslmode=require",
      "postgresql://ann@db.example:5433/orders?sslmode=require&password=s3%40cret",
      "postgresql:///orders?host=db.example&port=5433&user=ann&password=s3%40cret&sslmode=require",
      "host=db.example port=5433 dbname=orders user=ann password=s3@cret sslmode=require",
      "host = 'db.example' port='5433' dbname = orders user=ann password='s3@cret' sslmode=require",
    ];
    for (const spelling of spellings) {
      const { password, tls, ...place } = settings(parametersFromText(spelling));
      assert.deepEqual(
        place,
        { host: "db.example", port: 5433, database: "orders", role: "ann", application: "helpdesk", connectTimeoutMs: 5000 },
        spelling,
      );
      assert.equal(await password(), "s3@cret", spelling);
      assert.equal(tls.mode, "require", spelling);
    }
  });

  it("has libpq's defaults: the user's name for role and database, prefer for TLS, the socket when there is one", () => {
    const { host, port, database, role, tls } = settings({});
    assert.deepEqual(
      { host, port, database, role, mode: tls.mode },
      { host: "localhost", port: 5432, database: "ada", role: "ada", mode: "prefer" },
    );
    const local = connectionSettings({ parameters: {}, userName: "ada", application: "x", socketFolder: "/var/run/postgresql" });
    assert.equal(local.host, "/var/run/postgresql");
  });

  it("takes a socket folder as host, in a URL and in key=value form", () => {
    assert.equal(settings(parametersFromText("postgres://%2Fvar%2Frun%2Fpostgresql/orders")).host, "/var/run/postgresql");
    assert.equal(settings(parametersFromText("host=/tmp dbname=x")).host, "/tmp");
  });

  it("unescapes quoted values as libpq does", async () => {
    const { password } = settings(parametersFromText(String.raw`user=a password='it\'s \\ here' host=h`));
    assert.equal(await password(), String.raw`it's \ here`);
  });

  it("comes from PG* variables and from a section of a service file", () => {
    const { host, role } = settings(parametersFromEnvironment({ PGHOST: "h1", PGUSER: "bob", HOME: "/x" }));
    assert.deepEqual({ host, role }, { host: "h1", role: "bob" });
    const file = "# comment\n[one]\nhost=h1\n\n[two]\nhost=h2\nport=5439\n";
    assert.deepEqual(parametersFromService("two", file), { host: "h2", port: "5439" });
    assert.throws(() => parametersFromService("three", file), /no section \[three\]/);
  });

  it("refuses what it cannot read, and never repeats it", () => {
    const wrong = [
      "mysql://ann:hunter2@h/x",
      "postgres://ann:hunter2@h:99999/x",
      "postgres://ann:hunter2@h:port/x",
      "postgres://ann:hunter2@h1,h2/x",
      "host=h1,h2 password=hunter2",
      "host=h password='hunter2",
      "postgres://ann:hunter2@h/x?sslmode=maybe",
      "host=h connect_timeout=soon password=hunter2",
      "hunter2",
    ];
    for (const text of wrong) {
      assert.throws(
        () => settings(parametersFromText(text)),
        (error: unknown) => {
          assert.ok(error instanceof ToolError, text);
          assert.equal(error.code, "INVALID_CONFIGURATION");
          assert.doesNotMatch(JSON.stringify([error.message, error.hint, String(error.stack)]), /hunter2/, text);
          return true;
        },
      );
    }
  });
});
