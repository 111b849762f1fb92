//! Reads server-sent events off a response, as a browser does.

use reqwest::Response;
use serde_json::Value;

pub(crate) struct Events {
    response: Response,
    text: String,
    /// How often the stream says that it is updated.
    pub(crate) update_seconds: Option<f64>,
}

impl Events {
    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            response,
            text: String::new(),
            update_seconds: None,
        }
    }

    /// The next event that has data: its name, id and data. `None` at the stream's end.
    pub(crate) async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                let field = |name: &str| {
                    let prefix = format!("{name}: ");
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(&prefix))
                        .map(str::to_owned)
                };
                if event.starts_with("event: metrics-stream")
                    || event.contains("\nevent: metrics-stream")
                {
                    let data: Value = serde_json::from_str(&field("data").unwrap()).unwrap();
                    self.update_seconds = data["updateSeconds"].as_f64();
                } else if let Some(data) = field("data") {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some((field("event").unwrap(), field("id").unwrap(), data));
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next snapshot that says so many requests.
    pub(crate) async fn until(&mut self, requests: u64) -> Value {
        loop {
            let (name, _, data) = self.next().await.expect("the stream goes on");
            assert_eq!(name, "metrics-update");
            if data["totalRequests"] == requests {
                return data;
            }
        }
    }

    /// The snapshot of this moment, in microseconds since 1970.
    pub(crate) async fn at(&mut self, moment: &str) -> Value {
        loop {
            let (name, id, data) = self.next().await.expect("the stream goes on");
            assert_eq!(name, "metrics-update");
            if id == moment {
                return data;
            }
        }
    }
}
