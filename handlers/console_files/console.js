/** The page: who is signed in, which sandbox is operated, which section is shown. */

import * as api from "./api.js";
import { element, options, say } from "./dom.js";
import * as clock from "./clock.js";
import * as faults from "./faults.js";
import * as requests from "./requests.js";
import * as sandboxes from "./sandboxes.js";
import * as state from "./state.js";

const SECTIONS = { requests, faults, clock, state, sandboxes };
const content = document.getElementById("content");
const select = document.getElementById("sandbox");
let leave = new AbortController();

/** Shows the section that the address names; what the one before had under way is broken off. */
async function show() {
  const name = location.hash.slice(1) in SECTIONS ? location.hash.slice(1) : "requests";
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  say("");
  const section = element("section", { "aria-busy": "true" }, element("h1", {}, SECTIONS[name].title));
  content.replaceChildren(section);
  document.title = `${SECTIONS[name].title} · ${api.current()} · PSN Partner Emulator`;
  try {
    await SECTIONS[name].show(section, signal, choices);
  } catch (error) {
    if (!signal.aborted) section.append(element("p", { class: "alert", role: "alert" }, error.message));
  } finally {
    section.removeAttribute("aria-busy");
  }
}

/** Offers the sandboxes that there are, and operates `name` from now on. */
async function choices(name = api.current()) {
  const names = new Set([api.own]);
  for (let cursor = null; api.operatesAll; ) {
    const page = await api.call("GET", "/sandboxes", { query: { limit: 100, cursor }, sandbox: api.own });
    page.data.forEach((sandbox) => names.add(sandbox.name));
    cursor = page.meta.next_cursor;
    if (!cursor || names.size > 1000) break;
  }
  if (!names.has(name)) name = api.own;
  select.replaceChildren(...options(...[...names].sort()));
  select.value = name;
  sessionStorage.setItem("psn-emulator-console sandbox", name);
  api.choose(name);
}

function welcome(error) {
  const section = document.getElementById("welcome");
  section.hidden = false;
  const alert = section.querySelector("[role=alert]");
  alert.hidden = !error;
  alert.textContent = error?.message ?? "";
  document.getElementById("sign-in").addEventListener("click", () => api.signIn());
}

async function start() {
  if (api.isElsewhere()) return;
  try {
    if (!(await api.signedIn())) return welcome();
    await choices(sessionStorage.getItem("psn-emulator-console sandbox") ?? api.own);
  } catch (error) {
    return welcome(error);
  }
  document.querySelectorAll("nav, .operated, #sign-out").forEach((part) => (part.hidden = false));
  document.getElementById("sign-out").addEventListener("click", api.signOut);
  select.addEventListener("change", () => {
    sessionStorage.setItem("psn-emulator-console sandbox", select.value);
    api.choose(select.value);
    show();
  });
  addEventListener("hashchange", () => {
    show();
    content.focus();
  });
  show();
}

start();
