const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `stop` once, on the first signal that asks to end; a second one ends the process at once, as it would have. Returns how to stop listening. */
export function onStopSignal(stop: () => void): () => void {
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, heard);
  };
  const heard = () => {
    forget();
    stop();
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  return forget;
}
