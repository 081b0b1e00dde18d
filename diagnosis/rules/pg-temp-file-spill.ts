import { size } from "../report/quantity.ts";
import { defineRule } from "../rule.ts";

/** PostgreSQL's default; builds with another one are rare, and the figure is only shown. */
const BLOCK_BYTES = 8_192;
const MIN_BYTES_PER_SECOND = 5 * 1_048_576;
const MUCH_BYTES_PER_SECOND = 50 * 1_048_576;
/** One large report is nobody's incident; the same statement again and again is. */
const REPEATED = 2;

/** Statements that finished within the window and sorted or hashed on disk. */
export const tempFileSpill = defineRule({
  id: "pg-temp-file-spill",
  title: "A statement sorts or hashes on disk",
  why: "It needs more than work_mem, writes temporary files and reads them back, and takes the disk from the others.",
  gravest: "warning",
  needs: ["pg.statements"],
  wants: ["pg.settings"],

  judge({ "pg.statements": { statements, windowSeconds }, "pg.settings": settings }) {
    const workMem = settings?.values["workMemBytes"];
    return statements.flatMap((statement) => {
      const bytesPerSecond = statement.tempBlocksWrittenPerSecond * BLOCK_BYTES;
      if (bytesPerSecond < MIN_BYTES_PER_SECOND || statement.callsPerSecond <= 0) return [];
      const perCall = bytesPerSecond / statement.callsPerSecond;
      const isRepeated = statement.callsPerSecond * windowSeconds >= REPEATED;
      return [
        {
          severity: isRepeated && bytesPerSecond >= MUCH_BYTES_PER_SECOND ? ("warning" as const) : ("advice" as const),
          object: { kind: "statement" as const, queryId: statement.queryId, database: statement.database },
          summary: `"${excerpt(statement.query)}" writes ${size(bytesPerSecond)}/s of temporary files (${size(perCall)} a call, work_mem ${typeof workMem === "number" ? size(workMem) : "unknown"})`,
          facts: {
            role: statement.role,
            tempBytesPerSecond: bytesPerSecond,
            tempBytesPerCall: perCall,
            callsPerSecond: statement.callsPerSecond,
            meanMs: statement.meanMs,
            workMemBytes: typeof workMem === "number" ? workMem : null,
            query: statement.query,
          },
        },
      ];
    });
  },

  clear: ({ "pg.statements": { statements } }) =>
    `no statement writes temporary files beyond ${size(Math.max(0, ...statements.map(({ tempBlocksWrittenPerSecond }) => tempBlocksWrittenPerSecond * BLOCK_BYTES)))}/s`,
});

const EXCERPT_CHARACTERS = 80;

function excerpt(query: string): string {
  return query.length <= EXCERPT_CHARACTERS ? query : `${query.slice(0, EXCERPT_CHARACTERS - 1)}…`;
}
