import { defineRule } from "../rule.ts";

/** The default; with that, a busy server's writer stops now and then, which is nobody's fault. */
const DEFAULT_MAX_PAGES = 100;
/** At the default delay of 200 ms it has five rounds a second; cut short in one of them every second, it is starved. */
const STOPS_PER_SECOND = 1;
const BACKEND_SHARE = 0.5;
const BACKEND_WRITES_PER_SECOND = 100;

/** The background writer may write less than the default, and it shows: it stops at that limit, or backends write instead. */
export const bgwriterStarved = defineRule({
  id: "pg-bgwriter-starved",
  title: "The background writer is held below its need",
  why: "Backends must write dirty pages themselves before they can read their own.",
  gravest: "warning",
  needs: ["pg.wal"],

  judge({ "pg.wal": { buffers, windowSeconds } }) {
    if (buffers.bgwriterLruMaxPages >= DEFAULT_MAX_PAGES || windowSeconds <= 0) return [];
    const backends = buffers.backendsPerSecond ?? 0;
    const all = backends + buffers.bgwriterPerSecond + buffers.checkpointerPerSecond;
    const backendsWrite = backends >= BACKEND_WRITES_PER_SECOND && backends >= all * BACKEND_SHARE;
    const stops = buffers.bgwriterStoppedInWindow / windowSeconds;
    if (stops < STOPS_PER_SECOND && !backendsWrite) return [];
    return [
      {
        severity: backendsWrite ? "warning" : "advice",
        object: { kind: "setting", name: "bgwriter_lru_maxpages" },
        summary: `bgwriter_lru_maxpages is ${buffers.bgwriterLruMaxPages} (default ${DEFAULT_MAX_PAGES}): the background writer stopped at it ${buffers.bgwriterStoppedInWindow} times in ${windowSeconds.toFixed(1)} s, backends write ${buffers.backendsPerSecond === null ? "an unknown number of" : Math.round(backends)} pages/s, the background writer ${Math.round(buffers.bgwriterPerSecond)}`,
        facts: {
          bgwriterLruMaxPages: buffers.bgwriterLruMaxPages,
          bgwriterStoppedInWindow: buffers.bgwriterStoppedInWindow,
          backendPagesPerSecond: buffers.backendsPerSecond,
          bgwriterPagesPerSecond: buffers.bgwriterPerSecond,
          checkpointerPagesPerSecond: buffers.checkpointerPerSecond,
          windowSeconds,
        },
      },
    ];
  },

  clear: ({ "pg.wal": { buffers } }) =>
    `bgwriter_lru_maxpages is ${buffers.bgwriterLruMaxPages}; the background writer stopped at it ${buffers.bgwriterStoppedInWindow} times`,
});
