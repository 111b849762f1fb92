//! JSON Web Tokens: who gets in, and who does not.

use api_metrics_routes::{ClaimNames, Jwt};
use serde_json::{Value, json};

use crate::{
    host::{Hit, Host, NOW, TOKEN, problem},
    signer::{Signer, der, part, pem},
};

const SECRET: &[u8] = b"a secret of at least 32 bytes for tests";
/// Made for these tests alone.
const RSA_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDURUk9uJiZzLhy
24KjBnHKBg7I/qAb9jjRh2VAVHyFUewxPiRBA3fmzKNQHPiY2+ewyTyF6WCCzgXQ
7syxIhdg4sKh3cgDHA1RUwqZ9YjH2YDpfQ9R4ebu6Gt3tTC0FDLx0/wSF7a9/ukf
zbM9L2lRxSM6oVao7WXCkCsVjk1Rfcl+k98fQW/+VjPYxfvulwJqPsU9GP8NT23y
Q5DqeAeek4FOSxgh/1eYwWpIyAsxYO1CCWruWQkgAErho6YXHHfrBlulJHKE6nS7
yVWE9kr6UG2/6T1LRFAMyxZ1ukRwQbJOkEeQAH+82cQU5ikNMc6JuVv7XU83BfGr
s4ZTChMzAgMBAAECggEAWWDvLPDsOF5OD/bDs/dDtGgGk7U7H2r2k6sqBANPByfu
hvF+fG2EcAccgOAiAOMfVH33YP9aZtlu84GJaNBM/budbmCfFkgah3Kq1RbgyB2a
PTYuXDD9dv0gOyBs6HZU2SSET+3yQV/zMzP+07WB6C9U3RwQDEMhhOIFcicgAT5s
ZuIqcQUi94yHHxpiUZdpOZJA0PMGPJ3BP7pbFyehuPrJhhfUD1Ob/oLIVTbiD3C0
zLGDUgB+Z07DgSWKD0yoPS/488tt+/F4KN1XnkQFCbswwgvsoL2q5nhId5TBDooV
QwVyEvjbqFsDtqAEXU/8qJq0AO6UWaZesQ3aAmTC2QKBgQDrBUvbTV2TETCqh5xk
4OHzWdV8hMiEF4PN563yK0QqLSUGGafY3B7pg64SSTIseQVz3mWTjG+i77DJQVwq
819Tg/BbnTFO5YwFR8PdYs4/PZjFwElV9YMmQMplmhj90aLDJVXuPsKRNMwTb7T3
+KoaFK0evy5E4spnfTX7reZpHQKBgQDnOBrVLFX9QoAHGT66gFifxICHW1BBhSA0
iNSCx/jTuW9sQIvP2q76+x7W5ioRdmsTcKl9rY72efWfcX6j8Qh8P5nTWt+rLzup
/13+4HgTef6q30mtMuhAMx2GRK5g3vSxa94dmz7ahzZZxOTxnOY8/cKexv2g0bBJ
xsScx4gMjwKBgQDIC7IN8UR9MlyiStwsYd7yLL0zSDMFfJ6MXXAKehmDbPnev2fH
h1YonhVFK1ix0jF59wuvFBLSNgPcyu2RAadahyvIT3zxEyKkO/nUL44u9ldbu9iw
elIv9WZSJWCwbAiG4vjJ2lHzF2W+BY+couTnXkIdsc3IhOKURFf26ob9YQKBgFEv
NuSwi4TAK7nSWF8dn4CBe2uLWVOYDaXEgXFmC20zx/andy/FJflD4SEtcYnuHUyX
Gzvgi7jpO5//NqsTf5o4rqcyWiR+EiHvYy6R3Ddid1PB0Nm6bSfVisFRLjUfM6V0
LWoRz3DlVuUQKB7Zq1Gw+/vJ/NXRqmdNHk26FX/rAoGAAu19wL2FZvOKY09+/ljO
YQv9nrda47ApLbLYSIZi95ljOsM+Kn9DNulsilS8r5NhDxPDphsuHWo/IcMU2gCR
R5quyf0he3IurbTIhi7AKleRS2gitjFjPpzySSusB3mP2hkXFtMnKU/GhfGLip85
RwmP1J5vB2JZNbZ4JKjijHA=
-----END PRIVATE KEY-----
";
const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1EVJPbiYmcy4ctuCowZx
ygYOyP6gG/Y40YdlQFR8hVHsMT4kQQN35syjUBz4mNvnsMk8helggs4F0O7MsSIX
YOLCod3IAxwNUVMKmfWIx9mA6X0PUeHm7uhrd7UwtBQy8dP8Ehe2vf7pH82zPS9p
UcUjOqFWqO1lwpArFY5NUX3JfpPfH0Fv/lYz2MX77pcCaj7FPRj/DU9t8kOQ6ngH
npOBTksYIf9XmMFqSMgLMWDtQglq7lkJIABK4aOmFxx36wZbpSRyhOp0u8lVhPZK
+lBtv+k9S0RQDMsWdbpEcEGyTpBHkAB/vNnEFOYpDTHOiblb+11PNwXxq7OGUwoT
MwIDAQAB
-----END PUBLIC KEY-----
";
const EC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgg69VNgMNQqriGt2n
Xls8BtAgmlminX68oOx2DpjJdGmhRANCAATnxbkHqvJjvm7W5PwCdMv63+piTNBq
wisIue9dzgPr1IG6cgk2sJLItKtEqTTUnu1JdMCZoT93XilFMuCHRb0P
-----END PRIVATE KEY-----
";
const EC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE58W5B6ryY75u1uT8AnTL+t/qYkzQ
asIrCLnvXc4D69SBunIJNrCSyLSrRKk01J7tSXTAmaE/d14pRTLgh0W9Dw==
-----END PUBLIC KEY-----
";

fn claims() -> Value {
    json!({
        "sub": "user-7", "role": "viewer", "keys": ["alpha"], "exp": NOW + 600, "nbf": NOW - 5,
        "iss": "https://id.example.com", "aud": "metrics",
    })
}

fn hs256(claims: &Value) -> String {
    Signer::Hs256(SECRET).sign(claims)
}

fn jwt() -> Jwt {
    Jwt::hs256(SECRET, "https://id.example.com", "metrics").unwrap()
}

async fn host_with(jwt: Jwt) -> Host {
    let host = Host::start_with(|builder| builder.token(TOKEN).jwt(jwt)).await;
    for (key, count) in [("alpha", 3), ("beta", 5)] {
        for _ in 0..count {
            host.record(&Hit {
                key: Some(key),
                ..Hit::of("/x")
            });
        }
    }
    host.flush().await;
    host
}

async fn summary(host: &Host, token: &str) -> reqwest::Response {
    let request = host.client.get(host.url("/api-metrics/summary"));
    request.bearer_auth(token).send().await.unwrap()
}

async fn total(host: &Host, token: &str) -> u64 {
    let response = summary(host, token).await;
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    body["totalRequests"].as_u64().unwrap()
}

#[tokio::test]
async fn a_token_admits_its_subject_with_its_role_and_keys() {
    let host = host_with(jwt()).await;
    assert_eq!(total(&host, &hs256(&claims())).await, 3);
    let mut admin = claims();
    admin["role"] = json!("admin");
    assert_eq!(total(&host, &hs256(&admin)).await, 8);
    let mut developer = claims();
    developer["role"] = json!("developer");
    problem(summary(&host, &hs256(&developer)).await, 403).await;
    developer["tenant"] = json!("acme");
    assert_eq!(total(&host, &hs256(&developer)).await, 0);
    // The admin token is taken beside them.
    assert_eq!(total(&host, TOKEN).await, 8);
}

#[tokio::test]
async fn a_token_of_another_tenant_sees_nothing_of_this_one() {
    let host = host_with(jwt()).await;
    let (alpha, beta) = (host.key_id("alpha").await, host.key_id("beta").await);
    for (key, tenant) in [(alpha, "acme"), (beta, "umbrella")] {
        let tenant = json!({"tenantId": tenant, "rateLimitPerMinute": 5, "quotaLimit": 9});
        host.sent("PATCH", &format!("/api-keys/{key}"), tenant, 200)
            .await;
    }
    for role in ["manager", "developer"] {
        let mut stranger = claims();
        stranger["role"] = json!(role);
        stranger["tenant"] = json!("umbrella");
        // The keys that a token names are a viewer's.
        let token = hs256(&stranger);
        let ask = async |path: &str| {
            let request = host.client.get(host.url(path)).bearer_auth(&token);
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 200, "{path}");
            response.json::<Value>().await.unwrap()
        };
        assert_eq!(total(&host, &token).await, 5, "{role}");
        for path in [
            "/api-keys",
            "/api-metrics/keys",
            "/api-metrics/quotas",
            "/api-metrics/rate-limits",
            "/api-metrics/billing",
        ] {
            let text = ask(path).await.to_string();
            assert!(
                !text.contains("alpha") && text.contains("beta"),
                "{path}: {text}"
            );
        }
        let of_alpha = host.url(&format!("/api-metrics/summary?apiKeyId={alpha}"));
        let of_alpha = host.client.get(of_alpha).bearer_auth(&token).send().await;
        problem(of_alpha.unwrap(), 404).await;
    }
}

#[tokio::test]
async fn rs256_and_es256_are_taken_under_the_public_key() {
    // The RSA key alone, without the wrapping that names it.
    let bare = pem("RSA PUBLIC KEY", &der(RSA_PUBLIC)[24..]);
    for (jwt, signer) in [
        (
            Jwt::rs256(RSA_PUBLIC.as_bytes(), "https://id.example.com", "metrics"),
            Signer::Rs256(RSA_PRIVATE),
        ),
        (
            Jwt::rs256(bare.as_bytes(), "https://id.example.com", "metrics"),
            Signer::Rs256(RSA_PRIVATE),
        ),
        (
            Jwt::es256(EC_PUBLIC.as_bytes(), "https://id.example.com", "metrics"),
            Signer::Es256(EC_PRIVATE),
        ),
    ] {
        let host = host_with(jwt.unwrap()).await;
        let token = signer.sign(&claims());
        assert_eq!(total(&host, &token).await, 3);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut bent = signature.to_owned();
        let first = if bent.starts_with('A') { "B" } else { "A" };
        bent.replace_range(..1, first);
        problem(summary(&host, &format!("{message}.{bent}")).await, 401).await;
        problem(summary(&host, &hs256(&claims())).await, 401).await;
    }
}

#[tokio::test]
async fn an_hmac_under_the_public_rsa_key_is_refused() {
    let jwt = Jwt::rs256(RSA_PUBLIC.as_bytes(), "https://id.example.com", "metrics").unwrap();
    let host = host_with(jwt).await;
    let mut forged = claims();
    forged["role"] = json!("admin");
    let token = Signer::Hs256(RSA_PUBLIC.as_bytes()).sign(&forged);
    problem(summary(&host, &token).await, 401).await;
}

#[tokio::test]
async fn a_token_that_asks_for_extensions_is_refused_whatever_they_are() {
    let host = host_with(jwt()).await;
    let signer = Signer::Hs256(SECRET);
    let plain = json!({"alg": "HS256"});
    assert_eq!(total(&host, &signer.sign_with(&plain, &claims())).await, 3);
    for crit in [
        json!(["b64"]),
        json!(["exp"]),
        json!([]),
        json!("exp"),
        Value::Null,
    ] {
        let header = json!({"alg": "HS256", "typ": "JWT", "crit": crit, "exp": NOW + 60});
        problem(
            summary(&host, &signer.sign_with(&header, &claims())).await,
            401,
        )
        .await;
    }
}

#[tokio::test]
async fn a_token_whose_names_forge_what_people_read_is_refused() {
    let host = host_with(jwt()).await;
    for (claim, value) in [
        ("sub", json!("ops\nERROR everything leaked")),
        ("sub", json!("\u{1b}[31m")),
        ("tenant", json!("acme\u{202e}")),
    ] {
        let mut hostile = claims();
        hostile["role"] = json!("manager");
        hostile["tenant"] = json!("acme");
        hostile[claim] = value;
        problem(summary(&host, &hs256(&hostile)).await, 401).await;
    }
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let host = host_with(jwt()).await;
    for alg in ["none", "None", "NONE", "HS256", ""] {
        let unsigned = format!(
            "{}.{}.",
            part(&json!({"alg": alg, "typ": "JWT"})),
            part(&claims())
        );
        problem(summary(&host, &unsigned).await, 401).await;
    }
}

#[tokio::test]
async fn a_token_that_is_not_meant_for_now_and_here_is_refused() {
    let host = host_with(jwt()).await;
    for (name, value) in [
        ("exp", json!(NOW - 60)),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("nbf", json!(NOW + 60)),
        ("iss", json!("https://elsewhere.example.com")),
        ("iss", Value::Null),
        ("aud", json!("shop")),
        ("aud", Value::Null),
        ("sub", Value::Null),
        ("role", json!("root")),
        ("role", Value::Null),
        ("tenant", json!(7)),
        ("keys", json!("alpha")),
        ("keys", json!([{}])),
    ] {
        let mut wrong = claims();
        match value {
            Value::Null => drop(wrong.as_object_mut().unwrap().remove(name)),
            ref value => wrong[name] = value.clone(),
        }
        let response = summary(&host, &hs256(&wrong)).await;
        assert_eq!(response.status(), 401, "{name}: {value}");
    }
    // It ends while it is in use, by the host's clock and no other.
    let token = hs256(&claims());
    assert_eq!(total(&host, &token).await, 3);
    host.clock.advance(std::time::Duration::from_secs(631));
    problem(summary(&host, &token).await, 401).await;
}

#[tokio::test]
async fn claims_may_have_other_names() {
    let names = ClaimNames::default()
        .role("https://example.com/role")
        .keys("api_keys");
    let host = host_with(jwt().claim_names(names)).await;
    let mut other = claims();
    other["https://example.com/role"] = json!("viewer");
    other["api_keys"] = json!(["beta"]);
    assert_eq!(total(&host, &hs256(&other)).await, 5);
    problem(
        summary(
            &host,
            &hs256(&{
                let mut plain = claims();
                plain["api_keys"] = json!(["beta"]);
                plain
            }),
        )
        .await,
        401,
    )
    .await;
}

#[test]
fn a_key_that_is_none_is_an_error_and_debug_output_holds_no_secret() {
    // An RSA key of 1,024 bits.
    let mut short = der(RSA_PUBLIC)[24..].to_vec();
    short.truncate(9 + 128);
    short.splice(..9, [0x30, 0x81, 0x86, 0x02, 0x81, 0x80]);
    let short = pem("RSA PUBLIC KEY", &short);
    let cut = pem("PUBLIC KEY", &der(RSA_PUBLIC)[..100]);
    for wrong in ["", "no key", EC_PUBLIC, RSA_PRIVATE, &short, &cut] {
        let error = Jwt::rs256(wrong.as_bytes(), "i", "a").err();
        assert!(error.is_some(), "{wrong}");
    }
    for wrong in ["no key", RSA_PUBLIC, EC_PRIVATE] {
        assert!(Jwt::es256(wrong.as_bytes(), "i", "a").is_err(), "{wrong}");
    }
    let short = Jwt::hs256(b"pass phrase", "i", "a").unwrap_err();
    assert_eq!(
        short.to_string(),
        "the secret for JSON Web Tokens has 11 bytes; HS256 takes no fewer than 32"
    );
}
