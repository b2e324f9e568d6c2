/** What the time is in the sandbox, and what moves it. */

import { call } from "./api.js";
import { button, element, field, form, say } from "./dom.js";

export const title = "Clock";

const STEPS = { "1 minute": "PT1M", "1 hour": "PT1H", "1 day": "P1D", "30 days": "P30D" };

export async function show(section, signal) {
  const time = element("p", { class: "time" });
  const told = element("p", { class: "soft" });
  const freeze = button("Freeze", () => change({ freeze: !clock.frozen }), {});
  const due = element("div");
  let clock;
  let read;

  const tick = () => {
    const now = clock.frozen ? Date.parse(clock.now) : Date.parse(clock.now) + (performance.now() - read);
    time.textContent = new Date(now).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC");
  };
  const take = ({ data }) => {
    clock = data;
    read = performance.now();
    freeze.textContent = clock.frozen ? "Let it run" : "Freeze";
    const isReal = /^-?P(T?0[A-Z])?$/.test(clock.offset);
    told.textContent = `${clock.frozen ? "Frozen" : "Running"}, ${isReal ? "with real time" : `${clock.offset} from real time`}.`;
    tick();
  };
  const change = async (body) => {
    const answer = await call("PUT", "/clock", { body });
    take(answer);
    const fell = answer.data.due;
    due.replaceChildren(
      element("h2", {}, "Fell due"),
      fell.length
        ? element("ul", {}, fell.map((one) => element("li", {}, `${one.kind.replaceAll("_", " ")} of ${one.client_id}, due ${one.due_at}`)))
        : element("p", { class: "soft" }, "Nothing."),
    );
    say(`It is ${time.textContent} now; ${fell.length || "nothing"} fell due.`);
  };

  take(await call("GET", "/clock", { signal }));
  const ticking = setInterval(tick, 500);
  signal.addEventListener("abort", () => clearInterval(ticking));
  section.append(
    time,
    told,
    element("h2", {}, "Advance"),
    element("p", { class: "row" }, Object.entries(STEPS).map(([text, advance]) => button(text, () => change({ advance })))),
    form(
      ({ advance }) => change({ advance }),
      field("By a duration", element("input", { name: "advance", required: true, placeholder: "PT90M", autocomplete: "off" }), "ISO 8601: PT90M, P7D."),
      element("button", {}, "Advance"),
    ),
    form(
      ({ now, backwards }) => change({ now: `${now.length === 16 ? `${now}:00` : now}Z`, ...(backwards ? { allow_backwards: true } : {}) }),
      field("To a time (UTC)", element("input", { name: "now", type: "datetime-local", step: 1, required: true })),
      element("label", { class: "check" }, element("input", { type: "checkbox", name: "backwards" }), " It may go backwards"),
      element("button", {}, "Set"),
    ),
    element("h2", {}, "Stand still"),
    element("p", { class: "row" }, freeze, button("Back to real time", () => change({ reset: true }))),
    due,
  );
}
