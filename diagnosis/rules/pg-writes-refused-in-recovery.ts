import { defineRule } from "../rule.ts";

export const writesRefusedInRecovery = defineRule({
  id: "pg-writes-refused-in-recovery",
  title: "Writers are connected to a standby",
  why: "A server in recovery refuses every write with SQLSTATE 25006, however it is configured.",
  gravest: "critical",
  needs: ["pg.server"],
  wants: ["complaint", "pg.connect", "pg.replication"],

  judge({ "pg.server": server, complaint, "pg.connect": connect, "pg.replication": replication }) {
    if (!server.inRecovery) return [];
    const isComplained = complaint?.sqlStates.includes("25006") === true;
    if (!isComplained && server.expectedRole !== "primary") return [];
    const sender = replication?.standby?.senderHost ?? null;
    const where = connect === undefined ? "the server" : `${connect.host}:${connect.port}`;
    return [
      {
        severity: "critical",
        object: connect === undefined ? { kind: "server" as const } : { kind: "address" as const, host: connect.host, port: connect.port },
        summary: `${where} is in recovery, a standby${sender === null || sender === "" ? "" : ` of ${sender}`}: it refuses writes (25006)${server.expectedRole === "primary" ? ", while the inventory says that it is a primary" : ""}`,
        facts: { inRecovery: true, expectedRole: server.expectedRole, complained: isComplained, primaryHost: sender },
      },
    ];
  },

  clear: ({ "pg.server": server }) =>
    server.inRecovery ? "the server is a standby, and nobody said that it should be written to" : "the server is not in recovery",
});
