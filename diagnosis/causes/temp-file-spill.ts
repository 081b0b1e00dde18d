import { defineCause } from "../cause.ts";
import { identifier } from "../quoted.ts";

export const tempFileSpill = defineCause({
  id: "temp-file-spill",
  title: "A statement sorts or hashes on disk",
  proof: ["pg-temp-file-spill"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: ({ lead }) => [
    `Look for a missing index or a missing filter first: explain (analyze, buffers) shows which sort or hash spills.`,
    `When it needs the memory: alter role ${identifier(String(lead.facts["role"] ?? ""))} set work_mem = '...'; for that role only, as every sort and hash of every session may take as much.`,
  ],
});
