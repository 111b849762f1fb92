//! The live numbers, as the admin's stream tells them.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::watch;

use super::data::ViewRequest;
use crate::api::Api;

/// A server that says nothing for so long, not even that it is still there, is gone. It comments every 15 s.
const SILENCE: Duration = Duration::from_secs(40);
/// The first pause before the stream is opened again; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// No event is longer: an answer has a hundred endpoints.
const MOST_BYTES: usize = 8 << 20;

/// Follows the stream of what is asked for, and opens it again whenever it ends. `told` holds the latest answer, and
/// nothing while there is no stream.
pub(super) async fn follow(api: &Api, asked: &ViewRequest, told: watch::Sender<Option<Value>>) {
    let path = asked.live("/api-metrics/stream");
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(answer) = api.get(&path).await {
            read(answer.into_body(), |event, data| {
                if event != "metrics-update" {
                    // Without an answer of the store there is nothing live to be shown.
                    if event == "metrics-unavailable" {
                        told.send_replace(None);
                    }
                    return;
                }
                if let Ok(answer) = serde_json::from_str(data) {
                    pause = FIRST_PAUSE;
                    told.send_replace(Some(answer));
                }
            })
            .await;
        }
        told.send_replace(None);
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Gives each event of a body with its data, until the body ends, breaks or falls silent.
async fn read(mut body: Body, mut tell: impl FnMut(&str, &str)) {
    let mut events = Events::default();
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(SILENCE, body.frame()).await {
        let Ok(bytes) = frame.into_data() else {
            continue;
        };
        if !events.take(&bytes, &mut tell) {
            return;
        }
    }
}

/// Events of a stream, as the HTML standard has them, as far as ours uses it: lines that end with a line feed.
#[derive(Debug, Default)]
struct Events {
    /// What has no end yet.
    line: Vec<u8>,
    event: String,
    data: String,
}

impl Events {
    /// Takes more of the stream in; false where an event is too long to be one of ours.
    fn take(&mut self, bytes: &[u8], tell: &mut impl FnMut(&str, &str)) -> bool {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.data.len() > MOST_BYTES {
                return false;
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                self.line(line.trim_end_matches(['\n', '\r']), tell);
            }
        }
        true
    }

    fn line(&mut self, line: &str, tell: &mut impl FnMut(&str, &str)) {
        if line.is_empty() {
            if !self.data.is_empty() {
                tell(&self.event, &self.data);
            }
            self.event.clear();
            self.data.clear();
            return;
        }
        // A line that begins with a colon is a comment: its field has no name.
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = "retry: 3000\nevent: metrics-stream\ndata: {\"updateSeconds\":5}\n\n: still here\n\n\
                          event: metrics-update\r\nid: 7\r\ndata: {\"a\":\r\ndata: \"é\"}\r\n\r\nevent: x\ndata: cut";

    proptest! {
        #[test]
        fn events_are_the_same_however_the_stream_is_cut(cuts in proptest::collection::vec(0..STREAM.len(), 0..8)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let mut events = Events::default();
            let mut told = Vec::new();
            for pair in cuts.windows(2) {
                let taken = events.take(&STREAM.as_bytes()[pair[0]..pair[1]], &mut |event, data| {
                    told.push((event.to_owned(), data.to_owned()));
                });
                prop_assert!(taken);
            }
            let expected = [
                ("metrics-stream", "{\"updateSeconds\":5}"),
                ("metrics-update", "{\"a\":\n\"é\"}"),
            ];
            prop_assert_eq!(told, expected.map(|(event, data)| (event.to_owned(), data.to_owned())));
        }
    }

    #[test]
    fn a_line_without_an_end_fills_no_memory() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1 << 20];
        let taken = (0..20).take_while(|_| events.take(&piece, &mut |_, _| {}));
        assert_eq!(taken.count(), 8);
    }
}
