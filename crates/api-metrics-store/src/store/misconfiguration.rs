//! What is wrong about a configuration, and what to do about it.

/// What keeps a store from working until somebody changes it. Not an outage: waiting does not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Misconfiguration {
    /// The URL names no database that this build supports, or can't be parsed.
    Url,
    /// The server refused the password. Servers also say so of a role that does not exist.
    Password,
    /// The server does not let this role in.
    Role,
    /// The server has no database of this name.
    Database,
    /// The folder of the SQLite file does not exist.
    Directory,
    /// The role, or the user that the process runs as, may not do what is needed.
    Permission,
    /// The file is something else than a SQLite database.
    NotADatabase,
}

impl Misconfiguration {
    /// Its name in JSON and in the log.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "wrong-url",
            Self::Password => "password-refused",
            Self::Role => "role-refused",
            Self::Database => "missing-database",
            Self::Directory => "missing-directory",
            Self::Permission => "permission-denied",
            Self::NotADatabase => "not-a-database",
        }
    }

    /// What to do about it, as a clause without a full stop.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Url => "correct the URL: postgres://.., sqlite:.. or the path of a file",
            Self::Password => "correct the role and the password in the database URL",
            Self::Role => {
                "create the role with LOGIN, or add a line for it to the server's pg_hba.conf"
            }
            Self::Database => {
                "create the database (CREATE DATABASE ..), or correct its name in the database URL"
            }
            Self::Directory => "create the folder, or correct the path of the file",
            Self::Permission => {
                "grant the missing right: on Postgres CREATE on the database at the first start, on \
                 SQLite writing to the file and to its folder"
            }
            Self::NotADatabase => "move the file away, or correct its path",
        }
    }
}

impl From<Misconfiguration> for &'static str {
    /// Its name in JSON and in the log; never changes its meaning.
    fn from(what: Misconfiguration) -> Self {
        what.as_str()
    }
}

impl std::fmt::Display for Misconfiguration {
    /// A clause such as `the password was refused`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Url => "the database URL can't be used",
            Self::Password => "the database refused the password",
            Self::Role => "the database refused the role",
            Self::Database => "the database does not exist",
            Self::Directory => "the folder of the database file does not exist",
            Self::Permission => "the database can't be used for lack of a permission",
            Self::NotADatabase => "the file is no SQLite database",
        })
    }
}
