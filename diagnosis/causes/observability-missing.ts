import { defineCause } from "../cause.ts";

export const observabilityMissing = defineCause({
  id: "observability-missing",
  title: "What a diagnosis needs is not recorded",
  proof: ["pg-observability-missing"],
  explains: [],
  refutedBy: [],
  atMost: "advice",
  remedies: [],
  advice({ lead: { facts } }) {
    const missing = Array.isArray(facts["missing"]) ? facts["missing"].map(String) : [];
    return [
      ...(missing.includes("shared_preload_libraries")
        ? [
            facts["preloaded"] === true
              ? "create extension pg_stat_statements;"
              : "Add pg_stat_statements to shared_preload_libraries, restart, then: create extension pg_stat_statements;",
          ]
        : []),
      ...(missing.includes("track_io_timing")
        ? ["alter system set track_io_timing = on; select pg_reload_conf(); pg_test_timing says what it costs here."]
        : []),
      ...(missing.includes("track_activities") ? ["alter system reset track_activities; select pg_reload_conf();"] : []),
    ];
  },
});
