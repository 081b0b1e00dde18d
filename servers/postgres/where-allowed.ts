/**
 * For the parts of a reading that a least-privileged role may not see: null in place of 42501 (insufficient_privilege), so
 * that one forbidden view costs one field and not the whole probe. Every other failure stays one.
 */
export async function whereAllowed<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (sqlStateOf(error) === INSUFFICIENT_PRIVILEGE) return null;
    throw error;
  }
}

export const INSUFFICIENT_PRIVILEGE = "42501";
/** A statement waited for a lock longer than lock_timeout. */
export const LOCK_NOT_AVAILABLE = "55P03";
export const OBJECT_NOT_IN_PREREQUISITE_STATE = "55000";

/** The server's code, from the driver's error or from one of ours that wraps it. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if ("code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code)) return error.code;
  return sqlStateOf(error.cause);
}
