/** The journal, live: what reached the partner's routes, and what was answered. */

import { call } from "./api.js";
import { button, element, field, options, say } from "./dom.js";

export const title = "Requests";

const KEPT = 500;
const COLUMNS = ["Status", "Method", "Path", "Fault", "Time", "ms", "Client"];

export async function show(section, signal) {
  const filter = { method: "", path: "", status: "", client_id: "", fault: "" };
  const shown = new Map();
  let polling = new AbortController();
  let chosen = null;

  const body = element("tbody");
  const detail = element("aside", { "aria-label": "The request that is chosen", hidden: true });
  const live = element("p", { class: "live" });
  const nothing = element("p", { class: "soft" }, "No requests yet: send one to the sandbox and it appears here.");

  const choose = (row, line) => {
    chosen?.classList.remove("chosen");
    chosen = line;
    line.classList.add("chosen");
    detail.hidden = false;
    detail.replaceChildren(...described(row, () => (detail.hidden = true)));
    detail.querySelector("h2").focus();
  };
  const add = (rows) => {
    for (const row of rows) {
      if (shown.has(row.id)) continue;
      const line = element(
        "tr",
        {},
        element("td", { class: row.response.status < 400 ? "" : "bad" }, String(row.response.status)),
        element("td", {}, row.method),
        element("td", {}, element("button", { type: "button", class: "link", onclick: () => choose(row, line) }, row.path)),
        element("td", {}, row.fault ?? ""),
        element("td", {}, row.received_at.slice(11, 23)),
        element("td", {}, String(Math.round(row.duration_ms))),
        element("td", {}, row.client_id ?? ""),
      );
      shown.set(row.id, line);
      body.prepend(line);
    }
    while (shown.size > KEPT) {
      const [oldest, line] = shown.entries().next().value;
      shown.delete(oldest);
      line.remove();
    }
    nothing.hidden = shown.size > 0;
  };
  const tell = (text) => (live.textContent = text);

  /** Asks for what is new as long as the section is shown. */
  const follow = async (after) => {
    const { signal: mine } = polling;
    for (let pause = 1000; !mine.aborted; ) {
      try {
        const answer = await call("GET", "/requests", { query: { ...filter, after, wait: 20, limit: 100 }, signal: mine });
        add(answer.data);
        after = answer.meta.next_cursor ?? after;
        pause = 1000;
        tell("Live");
      } catch (error) {
        if (mine.aborted) return;
        if (error.status && error.status < 500 && error.status !== 429) throw error;
        tell(`Not live: ${error.message} Trying again.`);
        await new Promise((resolve) => setTimeout(resolve, pause));
        pause = Math.min(pause * 2, 15000);
      }
    }
  };
  const begin = async () => {
    polling.abort();
    polling = new AbortController();
    signal.addEventListener("abort", () => polling.abort());
    shown.clear();
    body.replaceChildren();
    tell("Reading …");
    const present = await call("GET", "/requests", { query: { ...filter, after: "now" }, signal });
    const newest = await call("GET", "/requests", { query: { ...filter, order: "desc", limit: 100 }, signal });
    add(newest.data.toReversed());
    tell("Live");
    follow(present.meta.next_cursor).catch((error) => say(error.message, true));
  };
  const pause = button("Pause", () => {
    if (polling.signal.aborted) return begin().then(() => (pause.textContent = "Pause"));
    polling.abort();
    tell("Paused");
    pause.textContent = "Go on";
  });
  const clear = button("Clear", async () => {
    if (!confirm("Clear the journal of this sandbox?")) return;
    await call("DELETE", "/requests");
    await begin();
    say("The journal is empty.");
  });
  const filters = element(
    "form",
    { class: "row", onsubmit: (event) => event.preventDefault(), onchange: (event) => refilter(event) },
    field("Method", element("select", { name: "method" }, options(["", "any"], "GET", "POST", "PUT", "DELETE"))),
    field("Path", element("input", { name: "path", pattern: "/.*", placeholder: "/players/*", autocomplete: "off" })),
    field("Status", element("input", { name: "status", pattern: "[1-5]([0-9][0-9]|xx)", placeholder: "5xx", autocomplete: "off" })),
    field("Client", element("input", { name: "client_id", autocomplete: "off" })),
    field("Fault", element("input", { name: "fault", placeholder: "fault-1 or *", autocomplete: "off" })),
  );
  const refilter = (event) => {
    if (!event.currentTarget.reportValidity()) return;
    Object.assign(filter, Object.fromEntries(new FormData(event.currentTarget)));
    begin().catch((error) => {
      tell("Nothing is read");
      say(error.message, true);
    });
  };
  section.append(
    element("div", { class: "row" }, live, pause, clear),
    filters,
    element(
      "div",
      { class: "table", tabindex: 0, role: "region", "aria-label": "Requests" },
      element("table", {}, element("thead", {}, element("tr", {}, COLUMNS.map((text) => element("th", { scope: "col" }, text)))), body),
    ),
    nothing,
    detail,
  );
  await begin();
}

function described(row, close) {
  const lines = {
    Id: row.id,
    Received: row.received_at,
    "Time in the sandbox": row.sandbox_time,
    Client: row.client_id,
    Subject: row.sub,
    Fault: row.fault,
    "Replayed for its Idempotency-Key": row.idempotent_replay ? "yes" : null,
  };
  return [
    element("h2", { tabindex: -1 }, `${row.method} ${row.path} → ${row.response.status}`),
    element("dl", {}, Object.entries(lines).filter(([, value]) => value).map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element("h3", {}, "Request"),
    element("pre", { tabindex: 0 }, text(row.request)),
    element("h3", {}, "Answer"),
    element("pre", { tabindex: 0 }, text(row.response)),
    button("Close", close),
  ];
}

const text = (part) => JSON.stringify(part, null, 2);
