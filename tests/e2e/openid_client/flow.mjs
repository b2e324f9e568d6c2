// openid-client as it comes, against the API at process.env.API. For each of two clients it prints the URL at which a user
// logs in and reads the one that the user is sent back to; then it prints what came of it all as one line of JSON.
import { createInterface } from "node:readline/promises";
import * as client from "openid-client";

const api = process.env.API;
const redirect_uri = "http://localhost:8080/callback";
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
const discover = (id, secret) =>
  client.discovery(new URL(api), id, secret, secret ? client.ClientSecretBasic(secret) : client.None(), options);
const outcome = (promise) =>
  promise.then(
    () => "given",
    (error) => error.error ?? error.cause[0].parameters.error,
  );

const web = await discover("demo-web");
const backend = await discover("demo-backend", "demo-backend-secret");
const service = await discover("demo-service", "demo-service-secret");

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const checks = {
  pkceCodeVerifier,
  expectedState: client.randomState(),
  expectedNonce: client.randomNonce(),
  maxAge: 300,
};
const authorization = client.buildAuthorizationUrl(web, {
  redirect_uri,
  scope: "openid profile email players:read",
  state: checks.expectedState,
  nonce: checks.expectedNonce,
  max_age: String(checks.maxAge),
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
});
console.log(authorization.href);
const lines = createInterface({ input: process.stdin });
const callback = new URL(await lines.question(""));

const tokens = await client.authorizationCodeGrant(web, callback, checks);
const subject = tokens.claims().sub;
const told = { claims: tokens.claims() };
told.userinfo = await client.fetchUserInfo(web, tokens.access_token, subject);

const refreshed = await client.refreshTokenGrant(web, tokens.refresh_token);
told.rotated = refreshed.refresh_token !== tokens.refresh_token;
told.same_subject = refreshed.claims().sub === subject;
const players = new URL(`${api}/players`);
told.players = (await client.fetchProtectedResource(web, refreshed.access_token, players, "GET")).status;

told.active = await client.tokenIntrospection(service, refreshed.access_token);
told.introspected_by_another = await outcome(client.tokenIntrospection(backend, refreshed.access_token));
await client.tokenRevocation(web, refreshed.refresh_token);
told.revoked = await client.tokenIntrospection(service, refreshed.access_token);
told.refreshed_again = await outcome(client.refreshTokenGrant(web, refreshed.refresh_token));
told.userinfo_again = await outcome(client.fetchUserInfo(web, refreshed.access_token, subject));
told.code_again = await outcome(client.authorizationCodeGrant(web, callback, checks));

const own = await client.clientCredentialsGrant(backend, { scope: "players:read" });
told.own = (await client.fetchProtectedResource(backend, own.access_token, players, "GET")).status;

told.logout = client.buildEndSessionUrl(web, {
  id_token_hint: tokens.id_token,
  post_logout_redirect_uri: "http://localhost:8080/",
  state: "bye",
}).href;

const resource = ["https://game.example/api", api];
const metadata = { id_token_signed_response_alg: "RS256" };
const basic = client.ClientSecretBasic("demo-backend-secret");
const rs256 = await client.discovery(new URL(api), "rs256-backend", metadata, basic, { ...options, algorithm: "oauth2" });
const claims = { id_token: { email: { essential: true } }, userinfo: { name: null } };
const asked = new URLSearchParams({ redirect_uri, scope: "openid players:read", claims: JSON.stringify(claims) });
for (const one of resource) asked.append("resource", one);
console.log(client.buildAuthorizationUrl(rs256, asked).href);
const sentBack = new URL(await lines.question(""));
lines.close();

const claim = (token, name) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"))[name];
const forBoth = await client.authorizationCodeGrant(rs256, sentBack, { idTokenExpected: true });
const forGame = await client.refreshTokenGrant(rs256, forBoth.refresh_token, { resource: resource[0] });
told.asked = {
  algorithm: JSON.parse(Buffer.from(forBoth.id_token.split(".")[0], "base64url")).alg,
  id_token: forBoth.claims(),
  userinfo: await client.fetchUserInfo(rs256, forBoth.access_token, forBoth.claims().sub),
  audience: claim(forBoth.access_token, "aud"),
  players: (await client.fetchProtectedResource(rs256, forBoth.access_token, players, "GET")).status,
  narrowed_audience: claim(forGame.access_token, "aud"),
  unknown: await outcome(client.refreshTokenGrant(rs256, forGame.refresh_token, { resource: "https://other.example/" })),
};
const head = await client.fetchProtectedResource(rs256, forBoth.access_token, players, "HEAD");
told.head = { status: head.status, body: await head.text() };
const endpoint = new URL(rs256.serverMetadata().userinfo_endpoint);
const posted = await client.fetchProtectedResource(rs256, forBoth.access_token, endpoint, "POST");
told.posted = (await posted.json()).sub === forBoth.claims().sub;
console.log(JSON.stringify(told));
