//! The rules whose absence `tests/mutations` shows the model to notice.

use std::{path::Path, process::Command};

#[test]
fn every_mutation_still_applies() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(tests.join("model/mutations")).unwrap() {
        let path = entry.unwrap().path();
        let applied = Command::new("git")
            .args(["apply", "--check"])
            .arg(&path)
            .current_dir(tests.join(".."))
            .output()
            .expect("git runs");
        let said = String::from_utf8_lossy(&applied.stderr);
        assert!(applied.status.success(), "{}: {said}", path.display());
        seen += 1;
    }
    assert!(seen >= 6, "the rules that the protocol's description lists");
}
