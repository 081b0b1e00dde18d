import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { figure, textTable } from "./text-table.ts";

describe("a table of text", () => {
  it("sets numbers to the right and texts to the left, without blanks at the end", () => {
    assert.deepEqual(
      textTable(
        ["table", "dead"],
        [
          ["orders", 1234567],
          ["a", 0],
        ],
      ),
      ["  table        dead", "  orders  1,234,567", "  a               0"],
    );
  });

  it("keeps every cell on one line and cuts long ones", () => {
    const [, line = ""] = textTable(["query"], [[`select\n  1 ${"x".repeat(200)}`]], "");
    assert.match(line, /^select 1 x+…$/u);
    assert.equal(line.length, 60);
  });

  it("shows what is unknown as a dash, and still aligns the known numbers", () => {
    assert.deepEqual(textTable(["n"], [[null], [12]], ""), [" n", " -", "12"]);
  });

  it("rounds to what matters", () => {
    assert.deepEqual([0.012345, 3.14563, 1234.5, 7, 0].map(figure), ["0.0123", "3.15", "1,235", "7", "0"]);
  });
});
