#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

#[test]
fn a_bad_parameter_is_named_in_the_body() {
    let json = serde_json::to_value(Problem::parameter("limit", "`x` is no number")).unwrap();
    assert_eq!(json["type"], "urn:api-metrics:bad-parameter");
    assert_eq!(json["status"], 400);
    assert_eq!(json["parameter"], "limit");
    assert_eq!(json["detail"], "`x` is no number");
}

#[test]
fn a_problem_carries_its_media_type_and_is_never_cached() {
    let response = Problem::new(Kind::TooManyRequests, "slow down")
        .retry_after(7)
        .into_response();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["retry-after"], "7");
}

#[test]
fn a_caller_without_credentials_is_told_which_are_taken() {
    let response = Problem::new(Kind::Unauthenticated, "sign in").into_response();
    assert!(response.headers().contains_key("www-authenticate"));
}
