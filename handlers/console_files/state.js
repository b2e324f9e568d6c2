/** What the sandbox holds: users, clients and players, taken away as a document and brought back. */

import * as api from "./api.js";
import { button, element, field, form, say } from "./dom.js";

export const title = "State";

const path = (rest) => `/sandboxes/${encodeURIComponent(api.current())}/${rest}`;
const exported = (query, signal) => api.call("GET", path("export"), { query, signal, sandbox: api.own });

export async function show(section, signal) {
  const answer = await exported({ limit: 100 }, signal);
  const { users = [], clients = [], players = [] } = answer.data;
  const more = answer.meta.next_cursor ? `The first ${players.length}; the document has all.` : "";
  section.append(
    element("p", { class: "row" }, button("Download as a document", download)),
    form(
      async ({ document: file }) => {
        if (!confirm(`Replace all that ${api.current()} holds by ${file.name}?`)) return;
        await upload(JSON.parse(await file.text()));
        say(`${api.current()} has the state of ${file.name}.`);
      },
      field("A document to take up", element("input", { type: "file", name: "document", accept: "application/json,.json", required: true }), "It replaces all that the sandbox holds."),
      element("button", {}, "Take it up"),
    ),
    ...table("Players", ["Username", "Id", "E-mail", "Wins"], players, (player) => [player.username, player.player_id, player.email, player.stats?.wins ?? 0], more),
    element("p", { class: "soft" }, "Of users and clients a document has those that are not of the stack’s seed, which can log in here as well."),
    ...table("Users", ["Username", "Name", "Scopes"], users, (user) => [user.username, user.name, scopes(user)]),
    ...table("Clients", ["Id", "Name", "Grants"], clients, (client) => [client.client_id, client.name, (client.grant_types ?? []).join(", ")]),
  );
}

const scopes = ({ scopes: given = [] }) => (Array.isArray(given) ? given.join(" ") : given);

function table(heading, columns, rows, cells, more = "") {
  return [
    element("h2", {}, `${heading} (${rows.length}${more ? "+" : ""})`),
    more && element("p", { class: "soft" }, more),
    rows.length
      ? element(
          "div",
          { class: "table", tabindex: 0, role: "region", "aria-label": heading },
          element(
            "table",
            {},
            element("thead", {}, element("tr", {}, columns.map((text) => element("th", { scope: "col" }, text)))),
            element("tbody", {}, rows.map((row) => element("tr", {}, cells(row).map((cell) => element("td", {}, String(cell ?? "")))))),
          ),
        )
      : element("p", { class: "soft" }, "None."),
  ].filter(Boolean);
}

/** All pages of the export, one document a page, as the import takes them. */
async function download() {
  const pages = [];
  for (let cursor = null; ; ) {
    const answer = await exported({ limit: 1000, cursor });
    pages.push(answer);
    cursor = answer.meta.next_cursor;
    if (!cursor) break;
    say(`${pages.length} pages so far …`);
  }
  const url = URL.createObjectURL(new Blob([JSON.stringify(pages, null, 2)], { type: "application/json" }));
  element("a", { href: url, download: `${api.current()}.json` }).click();
  URL.revokeObjectURL(url);
  say("Downloaded.");
}

async function upload(content) {
  const pages = (Array.isArray(content) ? content : [content]).map((page) => page.data ?? page);
  let next = null;
  for (const [number, page] of pages.entries()) {
    const answer = await api.call("POST", path("import"), { body: page, query: { continue: next }, sandbox: api.own });
    next = answer.data.next_page;
    if (number + 1 < pages.length) say(`${number + 1} of ${pages.length} pages taken up …`);
  }
}
