import type { LockRoot, LockTarget, LockTree, LockWaiter, Session } from "../evidence/pg-activity.ts";
import { html, type Markup } from "./markup.ts";
import { plain } from "./plain.ts";
import { duration, plural } from "./quantity.ts";

/** Who waits for whom, drawn as nested lists: readable without style, by a screen reader and on paper. Pure. */
export function drawLockTree(tree: LockTree): Markup {
  const shown = tree.waiters.length;
  return html`<div class="tree" role="tree" aria-label="${`Sessions that wait for ${rootName(tree.root)}`}">
<div class="node root" role="treeitem" aria-expanded="true">${drawRoot(tree.root)}<p class="why">holds ${tree.holds.slice(0, MAX_HOLDS).map((held, index) => html`${index === 0 ? "" : ", "}${lockName(held)}`)}; ${plural(tree.blocked, "session")} ${tree.blocked === 1 ? "waits" : "wait"}, the longest for ${duration(tree.longestWaitSeconds)}</p></div>
${drawWaiters(branchesOf(tree.waiters), ROOT)}
${shown < tree.blocked ? html`<p class="more">and ${tree.blocked - shown} more that wait</p>` : null}</div>`;
}

const MAX_HOLDS = 3;
/** Key of the root's own branch: the root may be a prepared transaction, which has no pid. */
const ROOT = -1;

type Branches = ReadonlyMap<number, readonly LockWaiter[]>;

/** A waiter hangs below the first of its blockers that is drawn one level above it, else below the root. */
function branchesOf(waiters: readonly LockWaiter[]): Branches {
  const depthOf = new Map(waiters.map(({ session, depth }) => [session.pid, depth]));
  return Map.groupBy(
    waiters,
    ({ blockedBy, session, depth }) => blockedBy.find((pid) => pid !== session.pid && depthOf.get(pid) === depth - 1) ?? ROOT,
  );
}

function drawWaiters(branches: Branches, parent: number): Markup | null {
  const waiters = branches.get(parent);
  if (waiters === undefined) return null;
  return html`<ul role="group">${waiters.map(
    (waiter) =>
      html`<li role="treeitem"><div class="node">${drawSession(waiter.session)}<p class="why">${waiter.queuedBehind.length > 0 && waiter.queuedBehind.length === waiter.blockedBy.length ? "queued" : "waits"} ${duration(waiter.waitSeconds)} for ${lockName(waiter.wants)}</p></div>${drawWaiters(branches, waiter.session.pid)}</li>`,
  )}</ul>`;
}

function drawRoot(root: LockRoot): Markup {
  switch (root.kind) {
    case "session":
      return drawSession(root.session);
    case "prepared-transaction":
      return html`<p class="who"><b>prepared transaction</b> <span class="mono">${plain(root.gid, 80)}</span> of ${plain(root.owner, 60)}, prepared ${duration(root.ageSeconds)} ago</p>`;
    case "unknown":
      return html`<p class="who"><b>pid ${root.pid}</b> which could not be seen</p>`;
    default:
      return root satisfies never;
  }
}

function rootName(root: LockRoot): string {
  switch (root.kind) {
    case "session":
      return `pid ${root.session.pid}`;
    case "prepared-transaction":
      return `prepared transaction ${plain(root.gid, 80)}`;
    case "unknown":
      return `pid ${root.pid}`;
    default:
      return root satisfies never;
  }
}

function drawSession({ pid, application, role, client, state, xactAgeSeconds, query }: Session): Markup {
  const from = [
    plain(application, 60) || "(unnamed)",
    role === null ? null : `as ${plain(role, 60)}`,
    client === null ? null : plain(client, 60),
  ];
  return html`<p class="who"><b>pid ${pid}</b> ${from.filter((part) => part !== null).join(" ")} <span class="state">${state ?? "state hidden"}</span>${xactAgeSeconds === null ? null : html` <span class="faint">transaction open ${duration(xactAgeSeconds)}</span>`}</p>${query === null || query === "" ? null : html`<p class="query mono">${plain(query, 160)}</p>`}`;
}

function lockName({ lockType, mode, relation, advisoryKey }: LockTarget): Markup {
  const on =
    relation === null
      ? advisoryKey === null
        ? ""
        : ` key ${plain(advisoryKey, 60)}`
      : ` on ${plain(relation.schema, 64)}.${plain(relation.name, 64)}`;
  return html`<span class="mono">${plain(mode, 40)}</span> (${plain(lockType, 40)}${on})`;
}
