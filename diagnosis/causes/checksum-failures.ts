import { defineCause } from "../cause.ts";

export const checksumFailures = defineCause({
  id: "checksum-failures",
  title: "Data pages are damaged",
  proof: ["pg-checksum-failures"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice: () => [
    "Stop writing what you can, keep every backup, and copy the data directory before anything else is tried.",
    "The server log names file and block of each damaged page; pg_amcheck shows what else is hurt. Look at the storage, the memory and the hypervisor.",
    "Restore the damaged relation from a backup taken before the first failure, or fail over to a standby whose copy is sound.",
  ],
});
