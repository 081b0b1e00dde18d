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
      door: { kind: "http", host: undefined, port: 3111 },
    });
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
