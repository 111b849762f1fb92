//! Calls that end at their deadline, which tonic's server drops outside of every layer.

use super::*;
use crate::support::ms;

const HANG: &str = "/test.Greeter/Hang";
const DEADLINE: Duration = ms(40);

/// Dropped after this time, without a response.
fn overdue(endpoint: &str, after: Duration) -> Record {
    Record {
        status: Some(504),
        latency: Some(after),
        request_bytes: 5,
        finished_at: crate::support::START + after,
        ..aborted(call(endpoint))
    }
}

/// A call that hangs until a deadline is over, on both clocks.
async fn hang(server: &mut Tonic, timeout: Option<Duration>) -> Record {
    let mut client = server.client.clone();
    let call = tokio::spawn(async move {
        match timeout {
            Some(timeout) => client.unary_within(HANG, "", timeout).await,
            None => client.unary(HANG, "").await,
        }
    });
    bound("the method", server.entered.recv()).await.unwrap();
    server.clock.advance(DEADLINE);
    assert!(bound("the deadline", call).await.unwrap().is_err());
    server.records.next().await
}

#[tokio::test]
async fn a_call_that_the_server_drops_at_its_own_deadline_is_deadline_exceeded() {
    let settings = |layer: Layer| layer.grpc_methods([HANG]).grpc_deadline(DEADLINE);
    let mut server = Tonic::start_timed(settings, Some(DEADLINE)).await;
    assert_eq!(hang(&mut server, None).await, overdue(HANG, DEADLINE));
    server.finish().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_at_the_clients_deadline_is_deadline_exceeded() {
    let mut server = Tonic::start_with(|layer| layer.grpc_methods([HANG])).await;
    let record = hang(&mut server, Some(DEADLINE)).await;
    assert_eq!(record, overdue(HANG, DEADLINE));
    server.finish().await;
}

#[tokio::test]
async fn of_two_deadlines_the_earlier_counts() {
    let settings = |layer: Layer| layer.grpc_methods([HANG]).grpc_deadline(DEADLINE);
    let mut server = Tonic::start_timed(settings, Some(DEADLINE)).await;
    let record = hang(&mut server, Some(Duration::from_secs(3_600))).await;
    assert_eq!(record, overdue(HANG, DEADLINE));
    server.finish().await;
}

#[tokio::test]
async fn a_deadline_makes_no_label_of_a_method_that_nobody_knows() {
    let mut server = Tonic::start().await;
    let record = hang(&mut server, Some(DEADLINE)).await;
    let expected = Record {
        unmatched_path: Some(HANG.into()),
        ..overdue("<unmatched>", DEADLINE)
    };
    assert_eq!(record, expected);
    server.finish().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_deadline_has_left() {
    let settings = |layer: Layer| layer.grpc_methods([HANG]).grpc_deadline(DEADLINE);
    let mut server = Tonic::start_with(settings).await;
    let mut client = server.client.clone();
    let hour = Duration::from_secs(3_600);
    let call_of = tokio::spawn(async move { client.unary_within(HANG, "", hour).await });
    bound("the method", server.entered.recv()).await.unwrap();
    server.clock.advance(ms(20));
    call_of.abort();
    let expected = Record {
        status: None,
        ..overdue(HANG, ms(20))
    };
    assert_eq!(server.records.next().await, expected);
    server.finish().await;
}
