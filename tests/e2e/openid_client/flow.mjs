// openid-client as it comes, against the API at process.env.API. Prints the URL at which a user logs in, reads the one
// that the user is sent back to, and prints what came of everything after that as one line of JSON.
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
lines.close();

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
console.log(JSON.stringify(told));
