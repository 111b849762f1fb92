//! Which requests are sent.

use crate::numbers::Dice;

/// Routes and keys, each route with each key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) routes: usize,
    pub(crate) keys: usize,
}

pub(crate) const ONE: Shape = Shape { routes: 1, keys: 1 };
pub(crate) const MANY: Shape = Shape {
    routes: 200,
    keys: 20,
};

/// The header that says whose a request is.
pub(crate) const KEY_HEADER: &str = "x-api-key";
/// What every route answers.
pub(crate) const BODY: &str = "hello";

/// The template of a route.
pub(crate) fn template(route: usize) -> String {
    format!("/api/v1/resources-{route}/{{id}}")
}

impl Shape {
    pub(crate) fn series(self) -> usize {
        self.routes * self.keys
    }

    /// One request of every series as it goes over the wire, in random order.
    pub(crate) fn requests(self, seed: u64) -> Vec<Vec<u8>> {
        let mut requests: Vec<Vec<u8>> = (0..self.series())
            .map(|series| {
                let path = template(series / self.keys).replace("{id}", "12345");
                let key = series % self.keys;
                format!(
                    "GET {path} HTTP/1.1\r\nhost: shop.example\r\naccept: application/json\r\n\
                     user-agent: shop-app/7.3 (linux)\r\n{KEY_HEADER}: key-{key}\r\n\r\n"
                )
                .into_bytes()
            })
            .collect();
        let mut dice = Dice(seed);
        for at in (1..requests.len()).rev() {
            requests.swap(at, dice.roll(at as u64 + 1) as usize);
        }
        requests
    }
}
