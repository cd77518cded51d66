"""Access tokens: a good one is taken, and every one that is bad in one way is refused."""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from api_gateway.security.signing_keys import KeysAtUrl, KeysInFile, parse
from api_gateway.security.tokens import LONGEST, Issuer, Tokens

ISSUER, AUDIENCE = "https://login.example", "tapeline"
RSA, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())
PUBLIC_PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def public(kid: str, key: Any) -> dict[str, Any]:
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    alg = "ES256" if algorithm is ECAlgorithm else "RS256"
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": alg}


def jwks(**keys: Any) -> str:
    return json.dumps({"keys": [public(kid, key) for kid, key in keys.items()]})


def token(key: Any = RSA, alg: str = "RS256", without: str = "", header: Any = None, **claims: Any) -> str:
    now = int(time.time())
    told = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ann",
        "jti": "t-1",
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "scope": "read trade openid",
        "portfolios": ["MINE"],
        **claims,
    }
    told.pop(without, None)
    headers = {"kid": "rsa", "typ": "at+jwt", **(header or {})}
    return jwt.encode(told, key, alg, {name: value for name, value in headers.items() if value is not None})


def hmac_with_the_public_key() -> str:
    """What an attacker makes who knows the public key and hopes for a library that takes it as a secret."""
    _, claims, _ = token().split(".")
    forged = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "kid": "rsa", "typ": "at+jwt"}).encode())
    signed = forged + b"." + claims.encode()
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed, PUBLIC_PEM)
    return (signed + b"." + jwt.utils.base64url_encode(signature)).decode()


def with_header(**changed: Any) -> str:
    """A good token under another header, its signature as it was."""
    head, rest = token().split(".", 1)
    told = {**json.loads(jwt.utils.base64url_decode(head)), **changed}
    return jwt.utils.base64url_encode(json.dumps(told).encode()).decode() + "." + rest


def changed_claims() -> str:
    head, claims, signature = token().split(".")
    told = {**json.loads(jwt.utils.base64url_decode(claims)), "portfolios": ["*"]}
    return f"{head}.{jwt.utils.base64url_encode(json.dumps(told).encode()).decode()}.{signature}"


NOW = int(time.time())
BAD = {
    "no algorithm": lambda: token(None, "none"),
    "algorithm said to be none": lambda: with_header(alg="none"),
    "HMAC with the public key": hmac_with_the_public_key,
    "HMAC with a word": lambda: token("a secret of thirty-two characters!", "HS256"),
    "another key of the same kind": lambda: token(OTHER_RSA),
    "the key of another kid": lambda: token(EC, "ES256", header={"kid": "rsa"}),
    "another hash": lambda: token(alg="RS512"),
    "another padding": lambda: token(alg="PS256"),
    "unknown kid": lambda: token(header={"kid": "other"}),
    "no kid": lambda: token(header={"kid": None}),
    "embedded key": lambda: token(OTHER_RSA, header={"jwk": public("rsa", OTHER_RSA)}),
    "address of keys": lambda: token(header={"jku": "https://evil.example/keys"}),
    "certificate": lambda: token(header={"x5u": "https://evil.example/certificate"}),
    "critical extension": lambda: with_header(crit=["b64"], b64=False),
    "no type": lambda: token(header={"typ": None}),
    "ID token": lambda: token(header={"typ": "JWT"}, nonce="n"),
    "other issuer": lambda: token(iss="https://evil.example"),
    "no issuer": lambda: token(without="iss"),
    "for another audience": lambda: token(aud="payroll"),
    "no audience": lambda: token(without="aud"),
    "expired": lambda: token(iat=NOW - 600, nbf=NOW - 600, exp=NOW - 61),
    "no expiry": lambda: token(without="exp"),
    "not yet": lambda: token(nbf=NOW + 120),
    "from the future": lambda: token(iat=NOW + 120),
    "no subject": lambda: token(without="sub"),
    "no name of its own": lambda: token(without="jti"),
    "subject no text": lambda: token(sub={"name": "ann"}),
    "portfolios no list": lambda: token(portfolios="MINE"),
    "scope no text": lambda: token(scope=["read"]),
    "cut short": lambda: token()[:-20],
    "without signature": lambda: token().rsplit(".", 1)[0] + ".",
    "changed claims": changed_claims,
    "not base64": lambda: "a.b.c",
    "far too long": lambda: token(note="x" * LONGEST),
}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    (tmp_path / "jwks.json").write_text(jwks(rsa=RSA, ec=EC))
    return Tokens(Issuer(ISSUER, AUDIENCE), KeysInFile(tmp_path / "jwks.json"))


def test_a_good_token_says_who_and_what_for(tokens: Tokens) -> None:
    for good in (token(), token(EC, "ES256", header={"kid": "ec"}), token(aud=[AUDIENCE, "other"])):
        found = tokens.find(good.encode(), time.time())
        assert found is not None
        assert (found.name, found.kind, found.scopes) == ("ann", "token", {"read", "trade"})
        assert found.portfolios == {"MINE"}


def test_a_clock_may_be_half_a_minute_off(tokens: Tokens) -> None:
    now = int(time.time())
    assert tokens.find(token(iat=now + 20, nbf=now + 20).encode(), now)
    assert tokens.find(token(exp=now - 5).encode(), now)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_token_is_refused(tokens: Tokens, what: str) -> None:
    assert tokens.find(BAD[what]().encode(), time.time()) is None


def test_there_are_enough_bad_tokens() -> None:
    assert len(BAD) >= 25


def test_a_good_token_is_not_checked_twice_and_expires_all_the_same(tokens: Tokens) -> None:
    good = token().encode()
    assert tokens.find(good, time.time()) is tokens.find(good, time.time())
    assert tokens.find(good, time.time() + 331) is None


def test_no_portfolios_reach_nothing_and_a_star_reaches_all(tokens: Tokens) -> None:
    without = tokens.find(token(without="portfolios").encode(), time.time())
    everything = tokens.find(token(portfolios=["*"]).encode(), time.time())
    assert without is not None
    assert everything is not None
    assert (without.portfolios, everything.portfolios) == (frozenset(), None)


def test_a_rotated_key_is_taken_and_the_old_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api_gateway.security.signing_keys._LOOK_EVERY_S", 0)
    path = tmp_path / "jwks.json"
    path.write_text(jwks(rsa=RSA))
    tokens = Tokens(Issuer(ISSUER, AUDIENCE), KeysInFile(path))
    old, new = token().encode(), token(EC, "ES256", header={"kid": "ec"}).encode()
    assert tokens.find(old, time.time())
    assert not tokens.find(new, time.time())
    path.write_text(jwks(ec=EC))
    assert tokens.find(new, time.time())
    assert not tokens.find(old, time.time())
    path.write_text("{broken")
    assert tokens.find(new, time.time()), "a broken file leaves the keys as they were"


async def test_keys_behind_an_address_are_fetched_from_there_alone() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if len(asked) == 2:
            return httpx.Response(302, headers={"location": "https://evil.example/keys"})
        return httpx.Response(200, text=jwks(rsa=RSA))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        keys = KeysAtUrl("https://login.example/keys", client)
        tokens = Tokens(Issuer(ISSUER, AUDIENCE), keys)
        assert tokens.find(token().encode(), time.time()) is None
        await keys.fetch()
        assert tokens.find(token().encode(), time.time())
        await keys.fetch()
        assert tokens.find(token().encode(), time.time()), "a redirect is not followed, the keys stay"
    assert asked == ["https://login.example/keys"] * 2


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        '{"keys": []}',
        '{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]}',
        '{"keys": [1]}',
    ],
)
def test_a_document_without_a_public_key_is_no_jwks(document: str) -> None:
    with pytest.raises(ValueError, match="JWKS"):
        parse(document)
