import { defineRule } from "../rule.ts";

/** Changed in the file, and of the kind that only a restart applies. */
export const restartPending = defineRule({
  id: "pg-restart-pending",
  title: "Settings wait for a restart",
  why: "What the file says is not what runs, and the next restart, for whatever reason, changes more than its author expects.",
  gravest: "advice",
  needs: ["pg.settings"],

  judge({ "pg.settings": { nonDefault } }) {
    const pending = nonDefault.filter(({ pendingRestart }) => pendingRestart);
    const [first] = pending;
    if (first === undefined) return [];
    const names = pending.map(({ name }) => name);
    return [
      {
        severity: "advice",
        object: { kind: "setting", name: first.name },
        about: names.slice(1).map((name) => ({ kind: "setting" as const, name })),
        summary: `${names.length === 1 ? "a changed setting waits" : `${names.length} changed settings wait`} for a restart: ${names.join(", ")}`,
        facts: {
          settings: names,
          runningWith: pending.map(({ name, value, unit }) => `${name}=${value}${unit === null ? "" : ` (${unit})`}`),
        },
      },
    ];
  },

  clear: () => "no setting waits for a restart",
});
