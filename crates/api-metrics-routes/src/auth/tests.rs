#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use api_metrics_store::{
    query::Scope,
    time::{Clock, ManualClock},
};
use http::{HeaderMap, HeaderValue, Method, header};

use super::{sign_in::TokenKeys, *};
use crate::read::KeyIds;

fn keys(token: &str) -> TokenKeys {
    match SignIn::fixed(token) {
        SignIn::Fixed(keys) => keys,
        other => panic!("{other:?}"),
    }
}

fn with_cookie(cookie: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let value = format!("theme=dark; {SESSION_COOKIE}={cookie}");
    headers.insert(header::COOKIE, HeaderValue::try_from(value).unwrap());
    headers
}

#[test]
fn only_the_whole_token_is_admitted() {
    let keys = keys("correct horse");
    assert!(keys.admits("correct horse"));
    for wrong in ["", "correct", "correct horse ", "Correct horse"] {
        assert!(!keys.admits(wrong), "{wrong:?}");
    }
}

#[test]
fn a_session_holds_until_it_expires() {
    let keys = keys("t");
    let session = Session::start(&keys, 1_000).unwrap();
    let headers = with_cookie(&session.cookie);
    assert_eq!(Session::of(&headers, &keys, 1_000), Some(session.clone()));
    assert!(Session::of(&headers, &keys, session.expires_at - 1).is_some());
    assert!(Session::of(&headers, &keys, session.expires_at).is_none());
}

#[test]
fn a_session_is_of_no_use_with_another_token() {
    let session = Session::start(&keys("old"), 0).unwrap();
    assert!(Session::of(&with_cookie(&session.cookie), &keys("new"), 1).is_none());
}

#[test]
fn a_session_that_was_changed_anywhere_is_refused() {
    let keys = keys("t");
    let cookie = Session::start(&keys, 1_000).unwrap().cookie;
    for at in 0..cookie.len() {
        for other in ["A", "9", "."] {
            let mut changed = cookie.clone();
            changed.replace_range(at..=at, other);
            let still = Session::of(&with_cookie(&changed), &keys, 1_001);
            assert!(
                still.is_none() || changed == cookie,
                "{changed} passed for {cookie}"
            );
        }
    }
}

#[test]
fn a_write_needs_the_csrf_token_of_its_own_session() {
    let keys = keys("t");
    let (own, other) = (
        Session::start(&keys, 0).unwrap(),
        Session::start(&keys, 0).unwrap(),
    );
    let mut headers = HeaderMap::new();
    assert!(!own.admits_write(&headers));
    headers.insert("x-csrf-token", HeaderValue::try_from(&other.csrf).unwrap());
    assert!(!own.admits_write(&headers));
    headers.insert("x-csrf-token", HeaderValue::try_from(&own.csrf).unwrap());
    assert!(own.admits_write(&headers));
}

#[test]
fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let session = Session::start(&keys("t"), 0).unwrap();
    let [cookie, csrf] = session.set_cookies(true);
    let cookie = cookie.unwrap().to_str().unwrap().to_owned();
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"));
    assert!(cookie.contains("; Secure"));
    let csrf = csrf.unwrap().to_str().unwrap().to_owned();
    assert!(!csrf.contains("HttpOnly") && csrf.contains("; SameSite=Lax"));
}

#[test]
fn each_role_sees_no_more_than_its_scope() {
    let ids = KeyIds::default();
    let scope = |principal: &Principal| Caller::scope(principal, &ids, &[]);
    assert_eq!(
        scope(&Principal::new("a", Role::Admin)).unwrap(),
        Scope::All
    );
    for role in [Role::Manager, Role::Developer] {
        let principal = Principal::new("m", role);
        assert!(scope(&principal).is_err());
        assert_eq!(
            scope(&principal.clone().with_tenant("t")).unwrap(),
            Scope::Tenant("t".to_owned())
        );
        // What names nobody is nobody's.
        for tenant in ["", " ", "a\0b", &"x".repeat(201)] {
            assert!(scope(&principal.clone().with_tenant(tenant)).is_err());
        }
    }
    // A key that the store has never seen gives an empty scope, not an open one.
    let viewer = Principal::new("v", Role::Viewer)
        .with_key("unseen")
        .with_tenant("t");
    assert_eq!(scope(&viewer).unwrap(), Scope::Keys(Vec::new()));
}

#[test]
fn operation_is_for_admins_alone() {
    assert!(Access::Operate.admits(Role::Admin));
    for role in [Role::Manager, Role::Developer, Role::Viewer] {
        assert!(!Access::Operate.admits(role));
        assert!(Access::Read.admits(role));
    }
}

#[test]
fn a_principal_is_limited_alone_and_reads_apart_from_writes() {
    let manual = Arc::new(ManualClock::at(0));
    let clock: Arc<dyn Clock> = manual.clone();
    let throttle = Throttle::new(NonZeroU32::new(60).unwrap(), &clock);
    let caller = |subject: &str| Caller {
        principal: Principal::new(subject, Role::Viewer),
        auth_method: AuthMethod::Host,
        scope: Scope::Keys(Vec::new()),
        expires_at: None,
        session: None,
    };
    let refused = |subject: &str, method: Method| {
        throttle
            .check(&caller(subject), &method)
            .refusal()
            .is_some()
    };
    for _ in 0..60 {
        assert!(!refused("a", Method::GET));
    }
    assert!(refused("a", Method::GET));
    assert!(!refused("b", Method::GET));
    assert!(!refused("a", Method::POST));
    manual.advance(Duration::from_secs(1));
    assert!(!refused("a", Method::GET));
    assert!(refused("a", Method::GET));
}

#[test]
fn a_name_is_limited_apart_by_role_tenant_and_the_way_in() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(0));
    let throttle = Throttle::new(NonZeroU32::MIN, &clock);
    let admin = Principal::new("admin", Role::Admin);
    let manager = Principal::new("admin", Role::Manager);
    for (principal, auth_method) in [
        (admin.clone(), AuthMethod::Bearer),
        (admin, AuthMethod::Cookie),
        (Principal::new("admin", Role::Viewer), AuthMethod::Bearer),
        (manager.clone().with_tenant("a"), AuthMethod::Bearer),
        (manager.with_tenant("b"), AuthMethod::Bearer),
    ] {
        let caller = Caller {
            principal,
            auth_method,
            scope: Scope::All,
            expires_at: None,
            session: None,
        };
        let refused = || throttle.check(&caller, &Method::GET).refusal().is_some();
        assert!(!refused(), "{caller:?}");
        assert!(refused(), "{caller:?}");
    }
}

#[test]
fn a_refusal_says_what_is_left_and_when_to_come_back() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(0));
    let throttle = Throttle::new(NonZeroU32::new(2).unwrap(), &clock);
    let caller = Caller {
        principal: Principal::new("a", Role::Admin),
        auth_method: AuthMethod::Bearer,
        scope: Scope::All,
        expires_at: None,
        session: None,
    };
    let mut headers = HeaderMap::new();
    throttle.check(&caller, &Method::GET).write(&mut headers);
    assert_eq!(headers["ratelimit-policy"], "\"reads\";q=2;w=60");
    assert_eq!(headers["ratelimit"], "\"reads\";r=1;t=30");
    throttle.check(&caller, &Method::GET);
    let refusal = throttle.check(&caller, &Method::GET).refusal().unwrap();
    let response = axum::response::IntoResponse::into_response(refusal);
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()[header::RETRY_AFTER], "30");
}
