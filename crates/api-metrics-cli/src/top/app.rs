//! What is on the screen, and what keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::data::{Line, RANGES, Snapshot, ViewRequest};

/// By what lists are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Requests,
    Errors,
    P95,
    Bandwidth,
}

impl Sort {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Errors => "error rate",
            Self::P95 => "p95",
            Self::Bandwidth => "bandwidth",
        }
    }

    const fn next(self) -> Self {
        match self {
            Self::Requests => Self::Errors,
            Self::Errors => Self::P95,
            Self::P95 => Self::Bandwidth,
            Self::Bandwidth => Self::Requests,
        }
    }
}

/// Which list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Endpoints,
    Consumers,
}

/// What a key asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    GoOn,
    /// Something else is to be asked of the server.
    Ask,
    DrawAnew,
    Quit,
}

/// The state of the screen.
#[derive(Debug)]
pub(super) struct App {
    pub(super) server: String,
    pub(super) asked: ViewRequest,
    pub(super) snapshot: Option<Snapshot>,
    /// Why the last answer did not come; what is shown is older then.
    pub(super) trouble: Option<String>,
    pub(super) list: List,
    pub(super) sort: Sort,
    pub(super) filter: String,
    pub(super) is_typing: bool,
    pub(super) has_help: bool,
    pub(super) chosen: usize,
}

impl App {
    pub(super) const fn new(server: String, asked: ViewRequest) -> Self {
        Self {
            server,
            asked,
            snapshot: None,
            trouble: None,
            list: List::Endpoints,
            sort: Sort::Requests,
            filter: String::new(),
            is_typing: false,
            has_help: false,
            chosen: 0,
        }
    }

    /// Takes an answer in; where none came, the last one stays, and is said to be old.
    pub(super) fn take(&mut self, snapshot: Result<Snapshot, String>) {
        match snapshot {
            Ok(snapshot) => {
                self.snapshot = Some(snapshot);
                self.trouble = None;
            }
            Err(why) => self.trouble = Some(why),
        }
    }

    /// The lines of the list, filtered and sorted.
    pub(super) fn lines(&self) -> Vec<&Line> {
        let Some(snapshot) = &self.snapshot else {
            return Vec::new();
        };
        let all = match self.list {
            List::Endpoints => &snapshot.endpoints,
            List::Consumers => &snapshot.consumers,
        };
        let wanted = self.filter.to_lowercase();
        let mut lines: Vec<&Line> = all
            .iter()
            .filter(|line| line.name.to_lowercase().contains(&wanted))
            .collect();
        // What is unknown stands last.
        let by = |line: &Line| match self.sort {
            Sort::Requests => line.requests as f64,
            Sort::Errors => line.error_rate.unwrap_or(-1.0),
            Sort::P95 => line.p95_ms.unwrap_or(-1.0),
            Sort::Bandwidth => line.bytes as f64,
        };
        lines.sort_by(|a, b| by(b).total_cmp(&by(a)).then_with(|| a.name.cmp(&b.name)));
        lines
    }

    pub(super) fn range(&self) -> &'static str {
        RANGES.get(self.asked.range).copied().unwrap_or("live")
    }

    /// What a key does.
    pub(super) fn press(&mut self, key: KeyEvent) -> Then {
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => return Then::Quit,
            KeyCode::Char('l') if is_control => return Then::DrawAnew,
            _ => {}
        }
        if self.is_typing {
            return self.type_filter(key.code);
        }
        match key.code {
            KeyCode::Char('q') => return Then::Quit,
            KeyCode::Char('?' | 'h') => self.has_help = !self.has_help,
            KeyCode::Char('/') => self.is_typing = true,
            KeyCode::Char('s') => self.sort = self.sort.next(),
            KeyCode::Tab => {
                self.list = match self.list {
                    List::Endpoints => List::Consumers,
                    List::Consumers => List::Endpoints,
                };
                self.chosen = 0;
            }
            KeyCode::Char('r') => {
                self.asked.range = (self.asked.range + 1) % RANGES.len();
                return Then::Ask;
            }
            KeyCode::Down | KeyCode::Char('j') => self.choose(self.chosen.saturating_add(1)),
            KeyCode::Up | KeyCode::Char('k') => self.choose(self.chosen.saturating_sub(1)),
            KeyCode::Home => self.choose(0),
            KeyCode::End => self.choose(usize::MAX),
            KeyCode::Enter => return self.drill_down(),
            KeyCode::Esc | KeyCode::Backspace => return self.go_back(),
            _ => {}
        }
        Then::GoOn
    }

    fn type_filter(&mut self, code: KeyCode) -> Then {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(c) if !c.is_control() => self.filter.push(c),
            _ => {}
        }
        self.choose(0);
        Then::GoOn
    }

    fn choose(&mut self, at: usize) {
        self.chosen = at.min(self.lines().len().saturating_sub(1));
    }

    fn drill_down(&mut self) -> Then {
        let endpoint = self
            .lines()
            .get(self.chosen)
            .and_then(|line| line.endpoint.clone());
        let Some(endpoint) = endpoint else {
            return Then::GoOn;
        };
        self.asked.endpoint = Some(endpoint);
        self.chosen = 0;
        Then::Ask
    }

    fn go_back(&mut self) -> Then {
        if self.has_help {
            self.has_help = false;
            return Then::GoOn;
        }
        if self.asked.endpoint.take().is_some() {
            return Then::Ask;
        }
        self.filter.clear();
        Then::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        let line = |name: &str, requests, error_rate, p95_ms, bytes| Line {
            name: format!("GET {name}"),
            endpoint: Some(("GET".to_owned(), name.to_owned())),
            requests,
            error_rate,
            p95_ms,
            bytes,
        };
        let mut app = App::new("server".to_owned(), ViewRequest::default());
        app.take(Ok(Snapshot {
            endpoints: vec![
                line("/a", 5, Some(1.0), None, 9),
                line("/b", 9, Some(0.0), Some(7.0), 1),
                line("/c", 1, None, Some(80.0), 5),
            ],
            ..Snapshot::default()
        }));
        app
    }

    fn press(app: &mut App, code: KeyCode) -> Then {
        app.press(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn names(app: &App) -> Vec<&str> {
        app.lines().iter().map(|line| line.name.as_str()).collect()
    }

    #[test]
    fn lists_are_sorted_by_each_number_with_the_unknown_last() {
        let mut app = app();
        for expected in [
            ["GET /b", "GET /a", "GET /c"],
            ["GET /a", "GET /b", "GET /c"],
            ["GET /c", "GET /b", "GET /a"],
            ["GET /a", "GET /c", "GET /b"],
        ] {
            assert_eq!(names(&app), expected, "{}", app.sort.name());
            press(&mut app, KeyCode::Char('s'));
        }
    }

    #[test]
    fn a_filter_is_typed_and_cleared() {
        let mut app = app();
        for code in [KeyCode::Char('/'), KeyCode::Char('/'), KeyCode::Char('C')] {
            press(&mut app, code);
        }
        assert_eq!(names(&app), ["GET /c"]);
        press(&mut app, KeyCode::Enter);
        assert_eq!(press(&mut app, KeyCode::Char('q')), Then::Quit);
        press(&mut app, KeyCode::Esc);
        assert_eq!(names(&app).len(), 3);
    }

    #[test]
    fn an_endpoint_is_looked_into_and_left() {
        let mut app = app();
        press(&mut app, KeyCode::Down);
        assert_eq!(press(&mut app, KeyCode::Enter), Then::Ask);
        let chosen = Some(("GET".to_owned(), "/a".to_owned()));
        assert_eq!(app.asked.endpoint, chosen);
        assert_eq!(press(&mut app, KeyCode::Esc), Then::Ask);
        assert_eq!(app.asked.endpoint, None);
        assert_eq!(press(&mut app, KeyCode::Char('r')), Then::Ask);
        assert_eq!(app.range(), "1h");
    }

    #[test]
    fn what_is_old_stays_and_is_said_to_be() {
        let mut app = app();
        app.take(Err("gone".to_owned()));
        assert_eq!(names(&app).len(), 3);
        assert_eq!(app.trouble.as_deref(), Some("gone"));
    }
}
