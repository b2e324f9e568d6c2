// AppAuth-JS as it comes, against the API at process.env.API: a native app that listens on process.env.PORT and has the
// system's browser opened. Prints, after the library's own log, what came of it all as one line of JSON.
import {
  AuthorizationNotifier,
  AuthorizationRequest,
  AuthorizationServiceConfiguration,
  BaseTokenRequestHandler,
  RevokeTokenRequest,
  TokenRequest,
} from "@openid/appauth";
import { NodeBasedHandler } from "@openid/appauth/built/src/node_support/node_request_handler.js";
import { NodeCrypto } from "@openid/appauth/built/src/node_support/crypto_utils.js";
import { NodeRequestor } from "@openid/appauth/built/src/node_support/node_requestor.js";

const port = Number(process.env.PORT);
const client_id = "demo-web";
const redirect_uri = `http://127.0.0.1:${port}/callback`;
const requestor = new NodeRequestor();
const tokens = new BaseTokenRequestHandler(requestor);
const provider = await AuthorizationServiceConfiguration.fetchFromIssuer(process.env.API, requestor);

const authorized = new Promise((resolve, reject) => {
  const notifier = new AuthorizationNotifier();
  notifier.setAuthorizationListener((request, response, error) =>
    response ? resolve({ request, response }) : reject(error),
  );
  const handler = new NodeBasedHandler(port);
  handler.setAuthorizationNotifier(notifier);
  const scope = "openid profile offline_access players:read";
  const asked = { client_id, redirect_uri, scope, response_type: AuthorizationRequest.RESPONSE_TYPE_CODE };
  handler.performAuthorizationRequest(provider, new AuthorizationRequest(asked, new NodeCrypto()));
});
const { request, response } = await authorized;
const told = { same_state: response.state === request.state };

const granted = (grant) =>
  tokens.performTokenRequest(provider, new TokenRequest({ client_id, redirect_uri, ...grant }));
const userinfo = (token) =>
  requestor.xhr({
    url: provider.userInfoEndpoint,
    method: "GET",
    dataType: "json",
    headers: { Authorization: `Bearer ${token}` },
  });
const outcome = (promise) =>
  promise.then(
    () => "given",
    (error) => error.message,
  );

const first = await granted({
  grant_type: "authorization_code",
  code: response.code,
  extras: { code_verifier: request.internal.code_verifier },
});
told.valid = first.isValid();
told.userinfo = await userinfo(first.accessToken);

const refresh = (token) => granted({ grant_type: "refresh_token", refresh_token: token, extras: { scope: request.scope } });
const second = await refresh(first.refreshToken);
told.rotated = second.refreshToken !== first.refreshToken;
told.scope = second.scope;

const revocation = new RevokeTokenRequest({ token: second.refreshToken, client_id });
told.revoked = await tokens.performRevokeTokenRequest(provider, revocation);
told.refreshed_again = await outcome(refresh(second.refreshToken));
told.userinfo_again = await outcome(userinfo(second.accessToken));
console.log(JSON.stringify(told));
