/** The emulator's API: who is signed in, and requests about the sandbox that is chosen. */

const { base, client, redirect, scope, sandbox: home } = document.body.dataset;
const STORED = `psn-emulator-console ${base}`;
const LACKING = "This account may not operate the emulator: it lacks the scope emulator:admin.";
const root = home === "default" ? base : base.slice(0, -`/s/${home}`.length);

/** The sandbox under whose base URL the page was opened; the default one's administrator operates all. */
export const own = home;
export const operatesAll = home === "default";

let chosen = home;

export function choose(name) {
  chosen = name;
}

export const current = () => chosen;

/** The base URL of a sandbox. */
export const urlOf = (name) => (name === home ? base : `${root}/s/${name}`);

/** Goes to the page's own address where it was opened by another name, to which no login leads back. */
export function isElsewhere() {
  if (location.origin + location.pathname === redirect) return false;
  location.replace(redirect + location.hash);
  return true;
}

export class Refused extends Error {
  constructor(status, problem) {
    const faults = (problem.errors ?? []).map((fault) => `${fault.field}: ${fault.message}`);
    super([problem.detail ?? `The answer was ${status}.`, ...faults].join(" "));
    this.status = status;
    this.problem = problem;
  }
}

/** The answer to a request about the sandbox that is chosen, as JSON; null when it has no body. */
export async function call(method, path, { body, query, signal, sandbox = chosen } = {}) {
  const text = query ? `?${new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value != null))}` : "";
  let answer;
  try {
    answer = await fetch(`${urlOf(sandbox)}/_emulator${path}${text}`, {
      method,
      signal,
      cache: "no-store",
      headers: { Authorization: `Bearer ${stored().token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The emulator does not answer.");
  }
  const said = await answer.text(); // a gateway gives a type to an answer without content too
  const content = said && answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(said) : null;
  if (answer.ok) return content;
  if (answer.status === 401) await signInAgain();
  throw new Refused(answer.status, content ?? {});
}

/** Whether somebody is signed in; finishes a login that the browser comes back from. Throws what the login answered. */
export async function signedIn() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state")) return Boolean(stored().token);
  const begun = stored();
  history.replaceState(null, "", `${location.pathname}${begun.place ?? ""}`);
  if (answer.get("state") !== begun.state) return Boolean(begun.token);
  if (answer.has("error")) {
    forget();
    const code = answer.get("error");
    throw new Error(code === "invalid_scope" ? LACKING : (answer.get("error_description") ?? code));
  }
  const response = await fetch(`${base}/auth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: client,
      redirect_uri: redirect,
      code: answer.get("code"),
      code_verifier: begun.verifier,
    }),
  });
  const tokens = await response.json();
  if (!response.ok || !(tokens.scope ?? "").split(" ").includes("emulator:admin")) {
    forget();
    throw new Error(tokens.error_description ?? LACKING);
  }
  store({ token: tokens.access_token, since: Date.now() });
  return true;
}

/** Go to the login; the browser comes back to this place. */
export async function signIn() {
  const verifier = random();
  const state = random();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  store({ verifier, state, place: location.hash });
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: redirect,
    scope,
    state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  location.assign(`${base}/auth/authorize?${query}`);
  await new Promise(() => {});
}

export function signOut() {
  forget();
  location.assign(`${base}/auth/logout`);
}

/** A token that a clock or a reset has ended: the browser's session may still stand for another one. */
async function signInAgain() {
  if (Date.now() - (stored().since ?? 0) > 5000) await signIn();
  forget();
  location.reload();
  await new Promise(() => {});
}

const stored = () => JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
const store = (value) => sessionStorage.setItem(STORED, JSON.stringify(value));
const forget = () => sessionStorage.removeItem(STORED);
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
