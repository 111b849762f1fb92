//! Whole exchanges: what a request and its response may look like.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get as on_get, post as on_post},
};
use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower_http::compression::CompressionLayer;

use crate::support::{Record, Server, body, bound, chunk, empty, feed, get, ms, post, trailers};

#[tokio::test]
async fn a_unary_exchange_is_one_record_with_every_field() {
    let mut server = Server::axum(|layer, clock| {
        let user = move || {
            clock.advance(ms(7));
            async { "hello" }
        };
        Router::new()
            .route("/users/{id}", on_get(user))
            .layer(layer)
    })
    .await;
    for (i, mut client) in server.clients().await.into_iter().enumerate() {
        assert_eq!(client.get("/users/7?expand=1").await.body(), "hello");
        let expected = Record {
            response_bytes: 5,
            latency: Some(ms(7)),
            time_to_headers: Some(ms(7)),
            finished_at: get("").finished_at + ms(7) * (i as u32 + 1),
            ..get("/users/{id}")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_streamed_response_is_timed_to_its_last_byte_and_counted_as_it_passed() {
    let mut server = Server::axum(|layer, clock| {
        let stream = move || {
            let clock = clock.clone();
            async move {
                clock.advance(ms(10));
                let parts = ["one", "two2", "three"].into_iter().map(move |part| {
                    // Before the first part the head hasn't left yet: both go out together.
                    if part != "one" {
                        clock.advance(ms(20));
                    }
                    Ok::<_, Infallible>(Bytes::from(part))
                });
                Body::from_stream(tokio_stream::iter(parts))
            }
        };
        Router::new().route("/s", on_get(stream)).layer(layer)
    })
    .await;
    for (i, mut client) in server.clients().await.into_iter().enumerate() {
        assert_eq!(client.get("/s").await.body(), "onetwo2three");
        let expected = Record {
            response_bytes: 12,
            latency: Some(ms(50)),
            time_to_headers: Some(ms(10)),
            finished_at: get("").finished_at + ms(50) * (i as u32 + 1),
            ..get("/s")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn trailers_pass_and_end_the_record() {
    let mut server = Server::axum(|layer, _| {
        let stream = || async {
            let frames = [chunk("data"), trailers("x-checksum", "abc")];
            let body = Body::new(StreamBody::new(tokio_stream::iter(frames)));
            ([(header::TRAILER, "x-checksum")], body)
        };
        Router::new().route("/t", on_get(stream)).layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        let request = client.request("GET", "/t").header("te", "trailers");
        let response = client.send(request.body(empty()).unwrap()).await.unwrap();
        let body = response.into_body().collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["x-checksum"], "abc");
        assert_eq!(body.to_bytes(), "data");
        let expected = Record {
            response_bytes: 4,
            ..get("/t")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

#[tokio::test]
async fn empty_responses_are_complete_with_their_head() {
    let mut server = Server::axum(|layer, _| {
        let zero =
            || async { Body::from_stream(tokio_stream::empty::<Result<Bytes, Infallible>>()) };
        Router::new()
            .route("/empty", on_get(|| async {}))
            .route("/stream", on_get(zero))
            .route("/redirect", on_get(|| async { StatusCode::FOUND }))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        for (path, status) in [("/empty", 200), ("/stream", 200), ("/redirect", 302)] {
            assert_eq!(client.get(path).await.status(), status);
            let expected = Record {
                status: Some(status),
                ..get(path)
            };
            assert_eq!(server.records.next().await, expected);
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn statuses_without_a_body_are_complete_with_their_head_whatever_the_handler_would_send() {
    let mut server = Server::axum(|layer, _| {
        let endless = |code: StatusCode| async move { (code, endless()) };
        Router::new()
            .route("/204", on_get(move || endless(StatusCode::NO_CONTENT)))
            .route("/304", on_get(move || endless(StatusCode::NOT_MODIFIED)))
            .layer(layer)
    })
    .await;
    for (path, status) in [("/204", 204), ("/304", 304)] {
        for mut client in server.clients().await {
            let request = client.request("GET", path).body(empty()).unwrap();
            let response = client.send(request).await.unwrap();
            assert_eq!(response.status(), status);
            let expected = Record {
                status: Some(status),
                ..get(path)
            };
            assert_eq!(server.records.next().await, expected);
        }
    }
    server.finish().await;
}

/// A body of which nothing may be waited for.
fn endless() -> Body {
    Body::from_stream(tokio_stream::pending::<Result<Bytes, Infallible>>())
}

#[tokio::test]
async fn a_head_request_is_complete_with_its_head_whatever_the_handler_would_send() {
    let mut server = Server::axum(|layer, _| {
        let endless =
            || async { Body::from_stream(tokio_stream::pending::<Result<Bytes, Infallible>>()) };
        Router::new()
            .route("/plain", on_get(|| async { "not sent" }))
            .route("/endless", any(endless))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        for path in ["/plain", "/endless"] {
            let request = client.request("HEAD", path).body(empty()).unwrap();
            assert_eq!(client.exchange(request).await.body(), "");
            assert_eq!(server.records.next().await, Record::new("HEAD", path));
        }
    }
    server.finish().await;
}

#[tokio::test]
async fn a_stream_with_a_content_length_is_complete_at_that_length() {
    // The transport stops there and never asks for the end, which would never come.
    let mut server = Server::axum(|layer, _| {
        let file = || async {
            let (feed, body) = feed();
            feed.send(chunk("12345")).unwrap();
            feed.send(chunk("67")).unwrap();
            tokio::spawn(async move { feed.closed().await });
            ([(header::CONTENT_LENGTH, "7")], body)
        };
        Router::new().route("/f", on_get(file)).layer(layer)
    })
    .await;
    let mut client = server.h1().await;
    assert_eq!(client.get("/f").await.body(), "1234567");
    let expected = Record {
        response_bytes: 7,
        ..get("/f")
    };
    assert_eq!(server.records.next().await, expected);
    drop(client);
    server.finish().await;
}

#[tokio::test]
async fn methods_are_a_closed_set() {
    let mut server = Server::axum(|layer, _| {
        let echo = |method: Method| async move { method.to_string() };
        Router::new().route("/m", any(echo)).layer(layer)
    })
    .await;
    let mut client = server.h1().await;
    for method in [
        "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY",
    ] {
        let request = client.request(method, "/m").body(empty()).unwrap();
        assert_eq!(client.exchange(request).await.body(), method);
        let record = server.records.next().await;
        assert_eq!((record.method, record.endpoint.as_str()), (method, "/m"));
    }
    for method in ["PROPFIND", "get", "X"] {
        let request = client.request(method, "/m").body(empty()).unwrap();
        assert_eq!(client.exchange(request).await.body(), method);
        assert_eq!(server.records.next().await.method, "_OTHER");
    }
    drop(client);
    server.finish().await;
}

/// Reads what its path says of an upload, and answers how much that was.
async fn upload(request: axum::extract::Request) -> String {
    let wanted = match request.uri().path() {
        "/all" => usize::MAX,
        "/some" => 1,
        _ => 0,
    };
    let mut body = request.into_body();
    let mut read = 0;
    while read < wanted {
        match body.frame().await {
            Some(frame) => read += frame.unwrap().into_data().map_or(0, |data| data.len()),
            None => break,
        }
    }
    read.to_string()
}

#[tokio::test]
async fn of_an_upload_is_counted_what_the_service_read() {
    const SIZE: usize = 4 << 20;
    for for_axum in [false, true] {
        let mut server = Server::axum(|layer, _| {
            let app = Router::new()
                .route("/all", on_post(upload))
                .route("/some", on_post(upload))
                .route("/none", on_post(upload));
            if for_axum {
                app.layer(layer.for_axum())
            } else {
                app.layer(layer)
            }
        })
        .await;
        for path in ["/all", "/some", "/none"] {
            // A connection each: what is left unread may end it.
            for mut client in server.clients().await {
                let request = client.request("POST", path);
                let request = request.body(body(vec![b'x'; SIZE])).unwrap();
                let read = client.exchange(request).await.into_body();
                let read: u64 = std::str::from_utf8(&read).unwrap().parse().unwrap();
                match path {
                    "/all" => assert_eq!(read, SIZE as u64),
                    "/some" => assert!(read > 0 && read < SIZE as u64),
                    _ => assert_eq!(read, 0),
                }
                let expected = Record {
                    request_bytes: read,
                    response_bytes: read.to_string().len() as u64,
                    ..post(path)
                };
                assert_eq!(server.records.next().await, expected);
            }
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn a_chunked_upload_is_counted_without_its_framing() {
    let mut server =
        Server::axum(|layer, _| Router::new().route("/all", on_post(upload)).layer(layer)).await;
    for mut client in server.clients().await {
        let frames = [chunk("abc"), chunk("defgh")].map(Result::unwrap).map(Ok);
        let stream = StreamBody::new(tokio_stream::iter(frames)).boxed_unsync();
        let request = client.request("POST", "/all").body(stream).unwrap();
        assert_eq!(client.exchange(request).await.body(), "8");
        let expected = Record {
            request_bytes: 8,
            response_bytes: 1,
            ..post("/all")
        };
        assert_eq!(server.records.next().await, expected);
    }
    server.finish().await;
}

/// Sends a head that asks to be told to go on, and gives the first line of the answer.
async fn expect_continue(server: &Server, path: &str) -> (tokio::net::TcpStream, String) {
    let mut socket = tokio::net::TcpStream::connect(server.addr).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let line = read_until(&mut socket, "\r\n\r\n").await;
    (socket, line)
}

async fn read_until(socket: &mut tokio::net::TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        let byte = bound("a byte", socket.read_u8()).await.unwrap();
        text.push(byte);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_request_that_waits_for_100_continue_is_one_record_with_the_final_status() {
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/all", on_post(upload))
            .route("/none", on_post(|| async { StatusCode::PAYLOAD_TOO_LARGE }))
            .layer(layer)
    })
    .await;
    let (mut socket, head) = expect_continue(&server, "/all").await;
    assert!(head.starts_with("HTTP/1.1 100"), "{head}");
    socket.write_all(b"12345").await.unwrap();
    assert!(
        read_until(&mut socket, "\r\n\r\n5")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let expected = Record {
        request_bytes: 5,
        response_bytes: 1,
        ..post("/all")
    };
    assert_eq!(server.records.next().await, expected);

    let (refused, head) = expect_continue(&server, "/none").await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    let expected = Record {
        status: Some(413),
        ..post("/none")
    };
    assert_eq!(server.records.next().await, expected);
    drop((socket, refused));
    server.finish().await;
}

async fn text() -> Response {
    "a line that compresses well\n".repeat(1000).into_response()
}

#[tokio::test]
async fn compression_inside_is_counted_compressed_and_outside_uncompressed() {
    for inside in [true, false] {
        let mut server = Server::axum(|layer, _| {
            let app = Router::new().route("/text", on_get(text));
            if inside {
                app.layer(CompressionLayer::new()).layer(layer)
            } else {
                app.layer(layer).layer(CompressionLayer::new())
            }
        })
        .await;
        for mut client in server.clients().await {
            let request = client
                .request("GET", "/text")
                .header("accept-encoding", "gzip");
            let response = client.exchange(request.body(empty()).unwrap()).await;
            assert_eq!(response.headers()["content-encoding"], "gzip");
            let sent = response.body().len() as u64;
            assert!(sent < 1000);
            let expected = Record {
                response_bytes: if inside { sent } else { 28_000 },
                ..get("/text")
            };
            assert_eq!(server.records.next().await, expected);
        }
        server.finish().await;
    }
}

#[tokio::test]
async fn requests_on_one_connection_are_one_record_each() {
    let mut server = Server::axum(|layer, _| {
        Router::new()
            .route("/k", on_get(|| async { "k" }))
            .layer(layer)
    })
    .await;
    for mut client in server.clients().await {
        for _ in 0..20 {
            client.get("/k").await;
            let expected = Record {
                response_bytes: 1,
                ..get("/k")
            };
            assert_eq!(server.records.next().await, expected);
        }
    }
    server.finish().await;
}
