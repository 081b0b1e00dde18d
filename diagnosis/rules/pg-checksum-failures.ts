import { duration, plural } from "../report/quantity.ts";
import { defineRule, type Found } from "../rule.ts";

const DAY_SECONDS = 86_400;
/** Long ago, somebody has dealt with it, or has reset nothing; a word is due all the same. */
const OLD_SECONDS = 30 * DAY_SECONDS;

/** Pages whose checksum did not match when they were read. Data is damaged, or the storage below is. */
export const checksumFailures = defineRule({
  id: "pg-checksum-failures",
  title: "Data pages fail their checksums",
  why: "Storage returned something else than was written: data is lost, and backups taken since may hold the damage.",
  gravest: "critical",
  needs: ["pg.databases"],

  judge({ "pg.databases": { databases } }, { takenAt }) {
    return databases.flatMap(({ name, checksumFailures: failures, checksumLastFailure: last }): Found[] => {
      if (failures === null || failures === 0) return [];
      const agoSeconds = last === null ? 0 : Math.max(0, (Date.parse(takenAt) - Date.parse(last)) / 1000);
      return [
        {
          severity: agoSeconds < DAY_SECONDS ? "critical" : agoSeconds < OLD_SECONDS ? "warning" : "advice",
          object: { kind: "database", name },
          summary: `${plural(failures, "page")} of database "${name}" failed the checksum, the last ${last === null ? "at an unknown time" : `${duration(agoSeconds)} ago`}`,
          facts: { failures, lastFailure: last, lastFailureAgeSeconds: agoSeconds },
        },
      ];
    });
  },

  clear: () => "no page has failed its checksum since the statistics were reset",
});
