import { defineCause } from "../cause.ts";
import { size } from "../report/quantity.ts";

/** A checkpoint should come once in checkpoint_timeout, with room for a busier hour. */
const ROOM = 1.5;

export const maxWalSizeTooSmall = defineCause({
  id: "max-wal-size-too-small",
  title: "max_wal_size is too small for what is written",
  proof: ["pg-checkpoints-requested"],
  explains: ["pg-wal-piles-up"],
  refutedBy: [],
  remedies: [],
  advice({ lead: { facts } }) {
    const needed = Number(facts["walBytesPerSecond"]) * Number(facts["checkpointTimeoutSeconds"]) * 2 * ROOM;
    return [
      `At this rate a checkpoint once per checkpoint_timeout needs max_wal_size of about ${size(needed)}: as far towards it as the disk and the time for a crash recovery allow; alter system set max_wal_size = '...'; select pg_reload_conf();`,
    ];
  },
});
