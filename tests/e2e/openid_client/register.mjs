// openid-client as it comes, registering a client at the API at process.env.API with the metadata in process.env.METADATA and,
// where there is one, the initial access token in process.env.TOKEN; it prints what it is answered as one line of JSON.
import * as client from "openid-client";

const { API, METADATA, TOKEN } = process.env;
const options = { execute: [client.allowInsecureRequests], initialAccessToken: TOKEN };
const registered = await client.dynamicClientRegistration(new URL(API), JSON.parse(METADATA), undefined, options);
console.log(JSON.stringify(registered.clientMetadata()));
