import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseAddress, parseServe } from "./serve-arguments.ts";

suite("the arguments of serve", () => {
  test("are stdio unless HTTP is asked for", () => {
    assert.deepEqual(parseServe(["serve", "postgres"])?.door, { kind: "stdio" });
    const served = parseServe(["serve", "postgres", "--programs", "--inventory", "a.yaml", "--http", "3111", "--token-file=t"]);
    assert.deepEqual(served, {
      server: "postgres",
      inventory: "a.yaml",
      url: undefined,
      programs: true,
      tokenFile: "t",
      allowedHosts: [],
      allowedOrigins: [],
      door: { kind: "http", host: undefined, port: 3111 },
    });
  });

  test("name hosts and origins as often as one likes, exactly as they come in requests", () => {
    const http = ["serve", "postgres", "--http", "3111"];
    const served = parseServe([
      ...http,
      "--allow-host",
      "db.example.com",
      "--allow-host=[::1]:80",
      "--allow-origin",
      "https://a.example.com",
    ]);
    assert.deepEqual(served?.allowedHosts, ["db.example.com", "[::1]:80"]);
    assert.deepEqual(served?.allowedOrigins, ["https://a.example.com"]);
    for (const wrong of ["*", "", "https://a", "a b", "a/b", "a:b"])
      assert.equal(parseServe([...http, "--allow-host", wrong]), null, wrong);
    for (const wrong of ["*", "", "null", "a.example.com", "https://a/", "https://A.example.com", "https://a/b", "file:///a"])
      assert.equal(parseServe([...http, "--allow-origin", wrong]), null, wrong);
  });

  test("are left to the command parser when anything is not exactly right", () => {
    const wrong = [
      [],
      ["serve"],
      ["serve", "mysql"],
      ["serve", "postgres", "x"],
      ["serve", "postgres", "--help"],
      ["serve", "postgres", "--stdio", "--http", "1"],
      ["serve", "postgres", "--http", "x"],
      ["serve", "postgres", "--inventory"],
    ];
    for (const argv of wrong) assert.equal(parseServe(argv), null, argv.join(" "));
  });

  test("name a port, or a host and a port", () => {
    assert.deepEqual(parseAddress("0.0.0.0:80"), { kind: "http", host: "0.0.0.0", port: 80 });
    assert.deepEqual(parseAddress("[::1]:3111"), { kind: "http", host: "::1", port: 3111 });
    assert.deepEqual(parseAddress("localhost:0"), { kind: "http", host: "localhost", port: 0 });
    for (const text of ["", "x", "1:2:3", "65536", "host:", "-1", "::1:80"]) assert.equal(parseAddress(text), null, text);
  });
});
