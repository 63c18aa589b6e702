"""Gets a token with a key of one's own, uses it and hands it back: python private_key_jwt.py URL CLIENT_ID KEY.pem"""

import sys
import urllib.request
import json

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT

url, client_id, key = sys.argv[1:]
with urllib.request.urlopen(f"{url}/.well-known/oauth-authorization-server") as answer:
    server = json.load(answer)
assert "private_key_jwt" in server["token_endpoint_auth_methods_supported"], server

session = OAuth2Session(client_id, open(key).read(), token_endpoint_auth_method="private_key_jwt")
session.trust_env = False
session.register_client_auth_method(
    PrivateKeyJWT(server["token_endpoint"], alg="ES256", headers={"typ": "JWT"})
)
token = session.fetch_token(server["token_endpoint"], grant_type="client_credentials")
assert token["token_type"] == "Bearer" and token["expires_in"] <= 600, token

borough = client_id.split(".")[1]
funds = session.get(f"{url}/v1/boroughs/{borough}/funds")
assert funds.status_code == 200, funds.text

answer = session.revoke_token(server["revocation_endpoint"], token["access_token"], token_type_hint="access_token")
assert answer.status_code == 200, answer.text
print("a token, used and handed back")
