// openid-client as it comes, against the emulator at process.env.API by its public name: discovery, a login without a
// page, the code with the issuer's check (RFC 9207), and calls. It prints what came of it as one line of JSON.
import * as client from "openid-client";

const api = process.env.API;
const redirect_uri = "http://localhost:8080/callback";
const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
const web = await client.discovery(new URL(api), "demo-web", undefined, client.None(), { execute });

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const authorization = client.buildAuthorizationUrl(web, {
  redirect_uri,
  scope: "openid players:read",
  emulator_login: "auto",
  login_hint: "testuser",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
});
const sent = await fetch(authorization, { redirect: "manual" });
const callback = new URL(sent.headers.get("location"));
const tokens = await client.authorizationCodeGrant(web, callback, { pkceCodeVerifier });
const userinfo = await client.fetchUserInfo(web, tokens.access_token, tokens.claims().sub);
const players = await client.fetchProtectedResource(web, tokens.access_token, new URL(`${api}/players`), "GET");

const foreign = new URL(callback);
foreign.searchParams.set("iss", "https://another.example");
const refused = await client
  .authorizationCodeGrant(web, foreign, { pkceCodeVerifier })
  .then(() => "given", (error) => error.code);
console.log(
  JSON.stringify({
    issuer: web.serverMetadata().issuer,
    iss: callback.searchParams.get("iss"),
    claimed: tokens.claims().iss,
    same: userinfo.sub === tokens.claims().sub,
    players: players.status,
    refused,
  }),
);
