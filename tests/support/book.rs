//! Every Rust program of the book, compiled as it stands there: `cargo test -p api-metrics-tests --doc`.
//!
//! A page with a program that is not listed here fails a test of the program `scaffold`.

macro_rules! pages {
    ($($page:ident: $path:literal),* $(,)?) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!(concat!("../../docs/", $path))]
            mod $page {}
        )*
    };
}

pages! {
    collector: "collector.md",
    consumers: "consumers.md",
    cookbook: "cookbook.md",
    deployment: "deployment.md",
    enforce_quotas: "enforce-quotas.md",
    ingest: "ingest.md",
    coverage: "coverage.md",
    jobs: "jobs.md",
    http_api: "http-api.md",
    operations: "operations.md",
    placement: "placement.md",
    requests: "requests.md",
    quick_start: "quick-start.md",
    stores: "stores.md",
    units: "units.md",
}
