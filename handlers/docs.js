"use strict";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

const { client, redirect, scopes } = document.getElementById("swagger-ui").dataset;
const ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "openapi.json",
  oauth2RedirectUrl: redirect,
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
ui.initOAuth({ clientId: client, scopes, usePkceWithAuthorizationCodeGrant: true });
