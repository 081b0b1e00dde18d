import type { PgSlots } from "../../../diagnosis/evidence/pg-connection.ts";
import { defineProbe } from "../probe.ts";
import { selectDatabaseLimits, selectRoleLimits, selectSlots } from "../queries/slots.ts";

const LIMIT_CAP = 50;

/** Connection slots: what the server, roles and databases allow, and what is taken. Counts are visible to every role. */
export const slots = defineProbe({
  id: "pg.slots",

  async run({ sql, ownPids }): Promise<PgSlots> {
    const { max, superuserReserved, roleReserved, used, ours } = await selectSlots(sql, ownPids);
    const reserved = superuserReserved + roleReserved;
    const roles = await selectRoleLimits(sql, LIMIT_CAP);
    const databases = await selectDatabaseLimits(sql, LIMIT_CAP);
    return { max, reserved, superuserReserved, usable: max - reserved, used, ours, roles: [...roles], databases: [...databases] };
  },
});
