/** Faults of the partner's routes: switches for the frequent ones, every rule, and the limit of requests. */

import { call } from "./api.js";
import { button, element, field, form, options, say } from "./dom.js";

export const title = "Faults";

/** What a switch makes a rule of. */
const SWITCHES = {
  "Unavailable (503)": { faults: [{ status: 503, retry_after: 2 }] },
  "Unavailable twice, then well": { faults: [{ status: 503, retry_after: 1 }, { status: 503, retry_after: 1 }], then: "pass" },
  "Too many requests (429)": { faults: [{ status: 429, retry_after: 2 }] },
  "Slow (2 s)": { faults: [{ delay_ms: 2000 }] },
  "Answer lost (done, but 504)": { faults: [{ lost_response: true }] },
  "Invalid JSON": { faults: [{ malformed: "invalid_json" }] },
  "Stale answers": { faults: [{ stale: true }] },
  "No answer in time": { faults: [{ timeout: true }] },
};
const ROUTES = [["/players/**", "players and statistics"], ["/auth/**", "identity provider"], ["/.well-known/**", "metadata and keys"], ["", "every route"]];

/** Which routes the switches are for, as it was chosen last. */
let chosen = "/players/**";

export async function show(section, signal) {
  const where = element("select", {}, options(...ROUTES));
  where.value = chosen;
  const switches = element("ul", { class: "switches" });
  const body = element("tbody");
  const none = element("p", { class: "soft" }, "No rule: every route does what it should.");
  const others = element("p", { class: "soft" });
  let rules = [];

  const match = () => (where.value ? { path: where.value } : {});
  const ruleOf = (settings) => rules.find((rule) => same(rule.faults, settings.faults) && (rule.match?.path ?? "") === where.value);
  const draw = () => {
    switches.replaceChildren(
      ...Object.entries(SWITCHES).map(([name, settings]) => {
        const rule = ruleOf(settings);
        const flip = button(name, () => (rule ? remove(rule) : add({ match: match(), ...settings })), {
          role: "switch",
          "aria-checked": String(Boolean(rule)),
          class: "switch",
        });
        return element("li", {}, flip);
      }),
    );
    body.replaceChildren(...rules.map(line));
    none.hidden = rules.length > 0;
    const elsewhere = rules.filter((rule) => (rule.match?.path ?? "") !== where.value).length;
    others.textContent = elsewhere ? `${elsewhere} of the rules below ${elsewhere === 1 ? "is" : "are"} for other routes.` : "";
  };
  const line = (rule) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, rule.id),
      element("td", {}, String(rule.hits)),
      element("td", {}, rule.remaining == null ? "" : String(rule.remaining)),
      element("td", {}, button("Delete", () => remove(rule), { "aria-label": `Delete ${rule.id}` })),
      element("td", {}, element("code", {}, told(rule.match) ?? "every route")),
      element("td", {}, element("code", {}, rule.faults.map((fault) => told(fault) ?? fault).join(", "))),
    );
  const focused = (act) => async (...given) => {
    const label = document.activeElement?.textContent;
    await act(...given);
    [...section.querySelectorAll("button")].find((one) => one.textContent === label)?.focus();
  };
  const reload = async () => {
    const all = [];
    for (let cursor = null; ; ) {
      const answer = await call("GET", "/faults", { query: { limit: 100, cursor }, signal });
      all.push(...answer.data);
      cursor = answer.meta.next_cursor;
      if (!cursor) break;
    }
    rules = all;
    draw();
  };
  const add = focused(async (body) => {
    const { data } = await call("POST", "/faults", { body });
    await reload();
    say(`${data.id} is on.`);
  });
  const remove = focused(async (rule) => {
    await call("DELETE", `/faults/${rule.id}`);
    await reload();
    say(`${rule.id} is off.`);
  });
  where.addEventListener("change", () => {
    chosen = where.value;
    draw();
  });
  section.append(
    field("On", where),
    switches,
    others,
    element("p", { class: "row" }, button("Read again", reload), button("All off", async () => {
      await call("DELETE", "/faults");
      await reload();
      say("No fault is on.");
    })),
    element("h2", {}, "Rules"),
    element(
      "div",
      { class: "table", tabindex: 0, role: "region", "aria-label": "Rules" },
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ["Id", "Hits", "Left", "Actions", "On", "Faults"].map((text) => element("th", { scope: "col" }, text)))),
        body,
      ),
    ),
    none,
    form(
      ({ rule }) => add(parsed(rule)),
      field(
        "A rule of your own (JSON)",
        element("textarea", { name: "rule", rows: 4, required: true, spellcheck: "false", placeholder: '{"match": {"path": "/players/*"}, "faults": [{"status": 503}], "times": 3}' }),
      ),
      element("button", {}, "Add it"),
    ),
    await limit(signal),
  );
  await reload();
}

/** How many requests a client may send. */
async function limit(signal) {
  const told = element("p", { class: "soft" });
  const read = async () => {
    try {
      const { data } = await call("GET", "/limits", { signal });
      told.textContent = `${data.requests} requests in ${data.window} for each client.`;
    } catch (error) {
      if (error.status !== 404) throw error;
      told.textContent = "None.";
    }
  };
  await read();
  return element(
    "div",
    {},
    element("h2", {}, "Limit of requests"),
    told,
    form(
      async ({ requests, window, headers }) => {
        await call("PUT", "/limits", { body: { requests: Number(requests), window, headers } });
        await read();
        say("The limit holds from now on.");
      },
      field("Requests", element("input", { name: "requests", type: "number", min: 1, max: 1000000, required: true, value: 100 })),
      field("In", element("input", { name: "window", required: true, value: "PT1M", autocomplete: "off" }), "An ISO 8601 duration, of real time."),
      field("Told by", element("select", { name: "headers" }, options(["draft", "RateLimit and RateLimit-Policy"], ["legacy", "RateLimit-Limit, -Remaining, -Reset"]))),
      element("p", { class: "row" }, element("button", {}, "Set"), button("No limit", async () => {
        await call("DELETE", "/limits");
        await read();
        say("There is no limit.");
      })),
    ),
  );
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The rule is not JSON: ${error.message}`);
  }
}

/** What is set of an object, as JSON; nothing for what has nothing set. */
function told(part) {
  if (!(part instanceof Object)) return null;
  const set = Object.fromEntries(Object.entries(part).filter(([, value]) => value != null));
  return Object.keys(set).length ? JSON.stringify(set) : null;
}

const same = (one, other) => JSON.stringify(plain(one)) === JSON.stringify(plain(other));
const plain = (faults) => faults.map((fault) => (fault instanceof Object ? Object.entries(fault).filter(([, value]) => value != null).sort() : fault));
