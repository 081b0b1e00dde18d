/** Rows as aligned columns for eyes: numbers right, texts left, every cell on one line. Pure. */
export type Cell = string | number | null;

const CELL_CHARACTERS = 60;

export function textTable(headings: readonly string[], rows: readonly (readonly Cell[])[], indent = "  "): string[] {
  const lines = [headings, ...rows].map((row) => row.map(textOf));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => [...(line[column] ?? "")].length)));
  const isNumeric = headings.map((_, column) => rows.length > 0 && rows.every((row) => typeof (row[column] ?? 0) === "number"));
  return lines.map((line) =>
    (indent + line.map((cell, column) => pad(cell, widths[column] ?? 0, isNumeric[column] ?? false)).join("  ")).trimEnd(),
  );
}

function textOf(cell: Cell): string {
  if (cell === null) return "-";
  if (typeof cell === "number") return figure(cell);
  const line = cell.replace(/\s+/g, " ").trim();
  return line.length <= CELL_CHARACTERS ? line : `${line.slice(0, CELL_CHARACTERS - 1).toWellFormed()}…`;
}

/** Whole numbers with separators; small ones with as many digits as matter. */
export function figure(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function pad(cell: string, width: number, right: boolean): string {
  const fill = " ".repeat(Math.max(width - [...cell].length, 0));
  return right ? fill + cell : cell + fill;
}
