import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.AuthorizationGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.RefreshTokenGrant;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenIntrospectionRequest;
import com.nimbusds.oauth2.sdk.TokenIntrospectionResponse;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.TokenRevocationRequest;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCScopeValue;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponse;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.UserInfoRequest;
import com.nimbusds.openid.connect.sdk.UserInfoResponse;
import com.nimbusds.openid.connect.sdk.claims.AccessTokenHash;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.token.OIDCTokens;
import com.nimbusds.openid.connect.sdk.validators.AccessTokenValidator;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.URL;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.minidev.json.JSONObject;

/**
 * Nimbus's SDK as it comes, against the API at $API, as a relying party, as a resource server and as a service that asks
 * for both. For each of two clients it prints the URL at which a user logs in and reads the one that the user is sent
 * back to; then it prints what came of it all, by client, as one line of JSON.
 */
public final class Flow {
    private static final URI CALLBACK = URI.create("http://localhost:8080/callback");
    private static final Secret SECRET = new Secret("demo-backend-secret");

    private final OIDCProviderMetadata provider;
    private final JWKSource<SecurityContext> keys;
    private final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));

    private Flow(Issuer issuer) throws Exception {
        provider = OIDCProviderMetadata.resolve(issuer);
        keys = JWKSourceBuilder.create(provider.getJWKSetURI().toURL()).build();
    }

    public static void main(String[] arguments) throws Exception {
        var flow = new Flow(new Issuer(System.getenv("API")));
        var told = new JSONObject();
        told.put("demo-backend", flow.loggedIn(new ClientID("demo-backend"), JWSAlgorithm.ES256));
        told.put("rs256-backend", flow.loggedIn(new ClientID("rs256-backend"), JWSAlgorithm.RS256));
        told.put("issuer_of_another_name", flow.issuerOfAnotherName());
        System.out.println(told);
    }

    private Map<String, Object> loggedIn(ClientID id, JWSAlgorithm algorithm) throws Exception {
        var told = new TreeMap<String, Object>();
        var verifier = new CodeVerifier();
        var state = new State();
        var nonce = new Nonce();
        var scope = new Scope(OIDCScopeValue.OPENID, OIDCScopeValue.EMAIL);
        scope.add("players:read");
        var request = new AuthenticationRequest.Builder(ResponseType.CODE, scope, id, CALLBACK)
            .endpointURI(provider.getAuthorizationEndpointURI())
            .state(state)
            .nonce(nonce)
            .codeChallenge(verifier, CodeChallengeMethod.S256)
            .build();
        System.out.println(request.toURI());
        var response = AuthenticationResponseParser.parse(URI.create(input.readLine())).toSuccessResponse();
        told.put("same_state", response.getState().equals(state));
        told.put("same_issuer", response.getIssuer().equals(provider.getIssuer()));

        AuthorizationCode code = response.getAuthorizationCode();
        OIDCTokens tokens = granted(id, new AuthorizationCodeGrant(code, CALLBACK, verifier));
        var selector = new JWSVerificationKeySelector<SecurityContext>(algorithm, keys);
        IDTokenClaimsSet claims =
            new IDTokenValidator(provider.getIssuer(), id, selector, null).validate(tokens.getIDToken(), nonce);
        AccessToken access = tokens.getAccessToken();
        AccessTokenValidator.validate(access, algorithm, new AccessTokenHash(claims.getStringClaim("at_hash")));
        told.put("email", email(access));
        told.put("accepted", authenticated(access.getValue()).getSubject().equals(claims.getSubject().getValue()));
        told.put("id_token_for_access_token", refused(tokens.getIDToken().serialize()));
        told.put("client", introspected(access).toSuccessResponse().getClientID().getValue());

        OIDCTokens fresh = granted(id, new RefreshTokenGrant(tokens.getRefreshToken()));
        told.put("rotated", !fresh.getRefreshToken().equals(tokens.getRefreshToken()));
        var authentication = new ClientSecretBasic(id, SECRET);
        sent(new TokenRevocationRequest(
            provider.getRevocationEndpointURI(), authentication, fresh.getRefreshToken()).toHTTPRequest());
        told.put("active_when_revoked", introspected(fresh.getAccessToken()).toSuccessResponse().isActive());
        return told;
    }

    private OIDCTokens granted(ClientID id, AuthorizationGrant grant) throws Exception {
        var endpoint = provider.getTokenEndpointURI();
        var request = new TokenRequest.Builder(endpoint, new ClientSecretBasic(id, SECRET), grant).build();
        TokenResponse response = OIDCTokenResponseParser.parse(request.toHTTPRequest().send());
        if (response instanceof OIDCTokenResponse granted) {
            return granted.getOIDCTokens();
        }
        throw new IllegalStateException(response.toErrorResponse().getErrorObject().toString());
    }

    private String email(AccessToken access) throws Exception {
        var answer = new UserInfoRequest(provider.getUserInfoEndpointURI(), access).toHTTPRequest().send();
        return UserInfoResponse.parse(answer).toSuccessResponse().getUserInfo().getEmailAddress();
    }

    /** What a resource server does, as Spring Security's does it: RFC 9068. */
    private JWTClaimsSet authenticated(String token) throws Exception {
        var processor = new DefaultJWTProcessor<SecurityContext>();
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.ES256, keys));
        var exactly = new JWTClaimsSet.Builder().issuer(provider.getIssuer().getValue()).build();
        var required = Set.of("sub", "exp", "iat", "jti", "client_id");
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>("psn-emulator-api", exactly, required));
        return processor.process(token, null);
    }

    private boolean refused(String token) throws Exception {
        try {
            authenticated(token);
            return false;
        } catch (BadJOSEException refusal) {
            return true;
        }
    }

    private TokenIntrospectionResponse introspected(AccessToken token) throws Exception {
        var service = new ClientSecretBasic(new ClientID("demo-service"), new Secret("demo-service-secret"));
        var request = new TokenIntrospectionRequest(provider.getIntrospectionEndpointURI(), service, token);
        return TokenIntrospectionResponse.parse(request.toHTTPRequest().send());
    }

    private static void sent(HTTPRequest request) throws Exception {
        request.send().ensureStatusCode(200);
    }

    private String issuerOfAnotherName() throws Exception {
        try {
            OIDCProviderMetadata.resolve(
                new Issuer(provider.getIssuer().getValue() + "/"));
            return "taken";
        } catch (GeneralException refusal) {
            return refusal.getMessage();
        }
    }
}
