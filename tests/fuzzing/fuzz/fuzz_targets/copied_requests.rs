#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| api_metrics_fuzzing::run("copied_requests", data));
