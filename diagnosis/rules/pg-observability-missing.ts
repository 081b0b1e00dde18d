import { defineRule } from "../rule.ts";

/** What would make the next diagnosis better, and costs next to nothing. Never more than advice. */
export const observabilityMissing = defineRule({
  id: "pg-observability-missing",
  title: "What a diagnosis needs is not recorded",
  why: "Without it the slow statement, or the time spent on I/O, can only be guessed.",
  gravest: "advice",
  needs: ["pg.settings"],

  judge({ "pg.settings": { extensions, values } }) {
    const missing: { readonly setting: string; readonly what: string }[] = [];
    if (!extensions.includes("pg_stat_statements"))
      missing.push({ setting: "shared_preload_libraries", what: "pg_stat_statements is not installed" });
    if (values["trackIoTiming"] === false) missing.push({ setting: "track_io_timing", what: "track_io_timing is off" });
    if (values["trackActivities"] === false) missing.push({ setting: "track_activities", what: "track_activities is off" });
    const [first] = missing;
    if (first === undefined) return [];
    return [
      {
        severity: "advice",
        object: { kind: "setting", name: first.setting },
        summary: missing.map(({ what }) => what).join("; "),
        facts: { missing: missing.map(({ setting }) => setting), preloaded: preloads(values["sharedPreloadLibraries"]) },
      },
    ];
  },

  clear: () => "pg_stat_statements is installed and track_io_timing is on",
});

function preloads(libraries: string | number | boolean | undefined): boolean | null {
  return typeof libraries === "string" ? libraries.includes("pg_stat_statements") : null;
}
