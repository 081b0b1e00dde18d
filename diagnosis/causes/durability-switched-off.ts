import { defineCause } from "../cause.ts";

export const durabilitySwitchedOff = defineCause({
  id: "durability-switched-off",
  title: "Settings that protect the data are switched off",
  proof: ["pg-durability-off"],
  explains: [],
  refutedBy: [],
  remedies: [],
  advice({ lead }) {
    const settings = Array.isArray(lead.facts["settings"]) ? lead.facts["settings"].map(String) : [];
    return [
      `${settings.map((name) => `alter system reset ${name};`).join(" ")} select pg_reload_conf();`,
      ...(settings.includes("fsync")
        ? ["Then checkpoint, and flush the operating system's cache (sync), so that what was written before is safe as well."]
        : []),
    ];
  },
});
