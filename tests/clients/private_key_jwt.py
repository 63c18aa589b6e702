"""Gets a token with a key of one's own, uses it and hands it back: python private_key_jwt.py URL CLIENT_ID KEY.pem"""

import json
import sys
import urllib.request

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign
from joserfc.jwk import ECKey


class Signs(PrivateKeyJWT):
    """An assertion that lives a minute: the library's own would live an hour, which is too long here."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(auth.client_secret, auth.client_id, token_endpoint, alg="ES256", expires_in=60)


url, client_id, key = sys.argv[1:]
with urllib.request.urlopen(f"{url}/.well-known/oauth-authorization-server") as answer:
    server = json.load(answer)
assert "private_key_jwt" in server["token_endpoint_auth_methods_supported"], server

endpoint = server["token_endpoint"]
signs = Signs(endpoint)
session = OAuth2Session(
    client_id,
    ECKey.import_key(open(key).read()),
    token_endpoint_auth_method=signs,
    revocation_endpoint_auth_method=signs,
)
session.trust_env = False
token = session.fetch_token(endpoint, grant_type="client_credentials")
assert token["token_type"] == "Bearer" and token["expires_in"] <= 600, token

borough = client_id.split(".")[1]
funds = session.get(f"{url}/v1/boroughs/{borough}/funds")
assert funds.status_code == 200, funds.text

answer = session.revoke_token(server["revocation_endpoint"], token["access_token"], token_type_hint="access_token")
assert answer.status_code == 200, answer.text
print("a token, used and handed back")
