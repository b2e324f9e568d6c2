/** The sandboxes that there are: made, reset, deleted. */

import * as api from "./api.js";
import { button, element, field, form, options, say } from "./dom.js";

export const title = "Sandboxes";

export async function show(section, signal, choices) {
  const list = element("div", { class: "table" });
  const more = element("p");

  const row = (sandbox) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, sandbox.name),
      element("td", {}, sandbox.seed),
      element("td", {}, sandbox.ends_at ?? "never"),
      element("td", {}, element("code", {}, api.urlOf(sandbox.name))),
      element(
        "td",
        {},
        element(
          "div",
          { class: "row" },
          button("Operate", () => operate(sandbox.name), { "aria-label": `Operate ${sandbox.name}` }),
          button("Reset", () => reset(sandbox.name), { "aria-label": `Reset ${sandbox.name}` }),
          sandbox.name !== "default" && button("Delete", () => remove(sandbox.name), { "aria-label": `Delete ${sandbox.name}` }),
        ),
      ),
    );
  const operate = async (name) => {
    await choices(name);
    say(`${name} is operated now.`);
  };
  const reset = async (name) => {
    if (!confirm(`Reset ${name}? All that it holds is lost, and its tokens end.`)) return;
    await api.call("POST", `/sandboxes/${encodeURIComponent(name)}/reset`, { sandbox: api.own });
    say(`${name} is as its seed has it.`);
    await reload();
  };
  const remove = async (name) => {
    if (!confirm(`Delete ${name}? All that it holds is lost.`)) return;
    await api.call("DELETE", `/sandboxes/${encodeURIComponent(name)}`, { sandbox: api.own });
    say(`${name} is gone.`);
    await reload();
    await choices();
  };
  const page = async (cursor) => {
    const answer = await api.call("GET", "/sandboxes", { query: { limit: 50, cursor }, signal, sandbox: api.own });
    body.append(...answer.data.map(row));
    const next = answer.meta.next_cursor;
    more.replaceChildren(...(next ? [button("Show more", () => page(next))] : []));
  };
  const body = element("tbody");
  const reload = async () => {
    body.replaceChildren();
    await page(null);
  };
  list.append(
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ["Name", "Seed", "Ends", "Base URL", "Actions"].map((text) => element("th", { scope: "col" }, text)))),
      body,
    ),
  );
  if (api.operatesAll) {
    section.append(
      form(
        async ({ name, seed, ttl, strict }, made) => {
          const known = await exists(name);
          if (known && !confirm(`${name} exists. Change its settings? What it holds stays until its next reset.`)) return;
          const settings = { seed, ...(ttl ? { ttl } : {}), ...(strict ? { strict: true } : {}) };
          await api.call("PUT", `/sandboxes/${encodeURIComponent(name)}`, { body: settings, sandbox: api.own });
          made.reset();
          await reload();
          await operate(name);
        },
        element("h2", {}, "A new one"),
        field("Name", element("input", { name: "name", required: true, pattern: "[a-z0-9\\-]{1,64}", autocomplete: "off" }), "1 to 64 of a–z, 0–9 and hyphens."),
        field("Seed", element("select", { name: "seed" }, options("default", "empty", "large-1000"))),
        field("Lives for", element("input", { name: "ttl", placeholder: "PT2H", autocomplete: "off" }), "An ISO 8601 duration; empty: seven days."),
        element("label", { class: "check" }, element("input", { type: "checkbox", name: "strict" }), " It never begins by itself again (strict)"),
        element("button", { class: "main" }, "Make it"),
      ),
    );
  }
  section.append(element("h2", {}, "All"), list, more);
  await reload();
}

async function exists(name) {
  try {
    await api.call("GET", `/sandboxes/${encodeURIComponent(name)}`, { sandbox: api.own });
    return true;
  } catch (error) {
    if (error.status === 404) return false;
    throw error;
  }
}
