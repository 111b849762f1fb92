//! Runs test files with Node.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::stage::{Stage, TOKEN};

/// Counts of passed and failed cases.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cases {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl Cases {
    /// A run that could not start.
    pub(crate) const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };
}

/// The folder of the test files, with the packages of the lock file installed.
#[derive(Debug)]
pub(crate) struct Node {
    folder: PathBuf,
}

impl Node {
    /// Installs the packages if they differ from the lock file.
    pub(crate) fn prepare() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
        let lock = std::fs::read(folder.join("package-lock.json")).unwrap();
        let mark = folder.join("node_modules/.installed");
        if std::fs::read(&mark).ok().as_deref() != Some(&*lock) {
            let installed = Command::new("npm")
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(&folder)
                .output()
                .expect("npm is there: tests/run installs it");
            let stderr = String::from_utf8_lossy(&installed.stderr);
            assert!(installed.status.success(), "npm ci: {stderr}");
            std::fs::write(mark, lock).unwrap();
        }
        Self { folder }
    }

    /// Runs one test file, and prints its report if a case failed.
    pub(crate) fn run(&self, spec: &str, stage: &Stage) -> Cases {
        let output = Command::new("node")
            .args(["--test", "--test-reporter=tap", "--test-timeout=300000"])
            .arg(format!("specs/{spec}.test.mjs"))
            .current_dir(&self.folder)
            .env("DASHBOARD_URL", &stage.dashboard)
            .env("DASHBOARD_TOKEN", TOKEN)
            .envs(
                stage
                    .database_port
                    .map(|port| ("DATABASE_PORT", port.to_string())),
            )
            .output()
            .expect("node is there: tests/run installs it");
        let report = String::from_utf8_lossy(&output.stdout);
        let count = |name: &str| -> Option<u32> {
            let line = report.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|number| number.trim().parse().ok())
        };
        let mut cases = Cases {
            passed: count("# pass").unwrap_or(0),
            // Cancelled, skipped and todo cases count as failed, because they prove nothing.
            failed: ["# fail", "# cancelled", "# skipped", "# todo"]
                .iter()
                .filter_map(|name| count(name))
                .sum(),
        };
        // A run that crashed or ran no case has no such lines.
        if (!output.status.success() && cases.failed == 0) || cases.passed + cases.failed == 0 {
            cases.failed += 1;
        }
        if cases.failed > 0 {
            println!("{report}{}", String::from_utf8_lossy(&output.stderr));
        }
        cases
    }
}
