import { defineRule } from "../rule.ts";

export const deadlocks = defineRule({
  id: "pg-deadlocks",
  title: "Deadlocks happen now",
  why: "PostgreSQL ends one transaction of each deadlock with SQLSTATE 40P01, after everyone in it has waited deadlock_timeout.",
  gravest: "warning",
  needs: ["pg.databases"],
  wants: ["pg.locks"],

  judge({ "pg.databases": { windowSeconds, databases }, "pg.locks": locks }) {
    const cycles = locks?.cycles ?? [];
    const pids = [...new Set(cycles.flat())].toSorted((a, b) => a - b);
    const hit = databases.filter(({ deadlocksInWindow }) => deadlocksInWindow > 0);
    const seen = cycles.length === 0 ? "" : `, and sessions ${pids.join(", ")} wait for each other right now`;
    const facts = { windowSeconds, cycles: cycles.length, pids };
    if (hit.length === 0 && cycles.length > 0) {
      return [
        { severity: "warning", summary: `sessions ${pids.join(", ")} wait for each other right now`, facts: { ...facts, deadlocks: 0 } },
      ];
    }
    return hit.map(({ name, deadlocksInWindow, deadlocksTotal }) => ({
      severity: "warning" as const,
      object: { kind: "database" as const, name },
      summary: `${deadlocksInWindow === 1 ? "1 deadlock" : `${deadlocksInWindow} deadlocks`} in database ${name} within ${windowSeconds.toFixed(0)} s${seen}`,
      facts: { ...facts, deadlocks: deadlocksInWindow, deadlocksTotal },
    }));
  },

  clear: ({ "pg.databases": { windowSeconds } }) => `no deadlock within ${windowSeconds.toFixed(0)} s`,
});
