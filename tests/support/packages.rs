//! Packages of other languages, installed once into the target folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Installs what `list` in a folder of the tests names into a folder of the same name below `target`, unless just that is
/// there. `install` is told where to.
pub fn installed(
    folder: &str,
    list: &str,
    install: impl FnOnce(&Path, &Path) -> Command,
) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = tests.join(folder).join(list);
    let wanted = std::fs::read(&list).unwrap();
    let target = tests.join("../target").join(folder);
    let mark = target.join("installed");
    // Tests of several processes may need it at the same moment: one of them installs it, and the others wait.
    let lock = target.with_extension("lock");
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    let lock = std::fs::File::create(lock).unwrap();
    lock.lock().unwrap();
    if std::fs::read(&mark).ok().as_deref() != Some(&*wanted) {
        drop(std::fs::remove_dir_all(&target));
        std::fs::create_dir_all(&target).unwrap();
        let done = install(&list, &target).output().unwrap();
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{why}");
        std::fs::write(mark, wanted).unwrap();
    }
    target
}

/// The packages of Python that `requirements.txt` in a folder of the tests names: what `PYTHONPATH` is to be.
pub fn python_packages(folder: &str) -> PathBuf {
    installed(folder, "requirements.txt", |list, target| {
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
        ])
        .arg(target)
        .arg("-r")
        .arg(list);
        pip
    })
}
