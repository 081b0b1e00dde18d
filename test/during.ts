import type { EvidenceId } from "../diagnosis/evidence.ts";
import type { Probe } from "../servers/postgres/probe.ts";

/** The same probe, with something happening between its two readings: rates are then known, whatever the clock does. */
export function during<Id extends EvidenceId, First>(probe: Probe<Id, First>, act: () => Promise<unknown>): Probe<Id, First> {
  return {
    ...probe,
    async run(context, first, elapsedSeconds) {
      await act();
      return probe.run(context, first, elapsedSeconds);
    },
  };
}
