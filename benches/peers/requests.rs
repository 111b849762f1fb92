//! Requests as a busy service gets them: three headers, routes in random order.

use crate::support::Dice;
use axum::body::Body;
use http::{
    HeaderValue, Request, Uri,
    header::{ACCEPT, HOST, USER_AGENT},
};

/// The template of a series' route.
pub(crate) fn template(series: usize) -> String {
    match series {
        0 => "/users/{id}".to_owned(),
        i => format!("/resources-{i}/{{id}}"),
    }
}

/// An endless sequence of requests; every thread has one of its own.
pub(crate) struct Requests {
    uris: Vec<Uri>,
    order: Vec<usize>,
    at: usize,
}

impl Requests {
    pub(crate) fn new(series: usize, seed: u64) -> Self {
        let uri = |i| template(i).replace("{id}", "12345").parse().unwrap();
        let mut order: Vec<usize> = (0..series).collect();
        let mut dice = Dice(seed);
        for at in (1..order.len()).rev() {
            order.swap(at, dice.roll(at as u64 + 1) as usize);
        }
        Self {
            uris: (0..series).map(uri).collect(),
            order,
            at: 0,
        }
    }

    /// The next `n`, built.
    pub(crate) fn next(&mut self, n: usize) -> Vec<Request<Body>> {
        (0..n)
            .map(|_| {
                let mut request = Request::new(Body::empty());
                *request.uri_mut() = self.uris[self.order[self.at]].clone();
                self.at = (self.at + 1) % self.order.len();
                let headers = request.headers_mut();
                headers.insert(HOST, HeaderValue::from_static("shop.example"));
                headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
                headers.insert(USER_AGENT, HeaderValue::from_static("shop-app/7.3 (linux)"));
                request
            })
            .collect()
    }
}
