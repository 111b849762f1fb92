//! Reads texts at the top of a JSON object that may be cut off anywhere.

/// The values of these members of the object, where they are texts.
pub(super) fn texts<const N: usize>(json: &[u8], names: [&str; N]) -> [Option<String>; N] {
    let mut found = [const { None }; N];
    let mut reader = Reader { json, at: 0 };
    reader.object(|name, value| {
        if let Some(place) = names.iter().position(|&wanted| wanted == name) {
            found[place] = Some(value);
        }
    });
    found
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// Calls `on_text` with the object's members that are texts. `None` where it is cut off or no JSON.
    fn object(&mut self, mut on_text: impl FnMut(&str, String)) -> Option<()> {
        self.expect(b'{')?;
        loop {
            let name = self.text()?;
            self.expect(b':')?;
            if self.peek()? == b'"' {
                let value = self.text()?;
                on_text(&name, value);
            } else {
                self.skip()?;
            }
            self.expect(b',')?;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        while self.json.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.json.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// A text; one that is cut off counts up to there.
    fn text(&mut self) -> Option<String> {
        self.expect(b'"')?;
        let mut out = Vec::new();
        while let Some(&byte) = self.json.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let Some(&escape) = self.json.get(self.at) else {
                        break;
                    };
                    self.at += 1;
                    match escape {
                        b'n' | b'r' | b't' | b'b' | b'f' => out.push(b' '),
                        b'u' => {
                            let c = self.unicode().unwrap_or(char::REPLACEMENT_CHARACTER);
                            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        }
                        other => out.push(other),
                    }
                }
                other => out.push(other),
            }
        }
        Some(String::from_utf8_lossy(&out).into_owned())
    }

    /// The character of four hexadecimal digits, or of two such escapes.
    fn unicode(&mut self) -> Option<char> {
        let high = self.digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        if self.json.get(self.at..self.at + 2)? != b"\\u" {
            return None;
        }
        self.at += 2;
        let low = self.digits()?;
        let low = low.checked_sub(0xdc00).filter(|&low| low < 0x400)?;
        char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + low)
    }

    fn digits(&mut self) -> Option<u32> {
        let digits = self.json.get(self.at..self.at + 4)?;
        let value = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        self.at += 4;
        Some(value)
    }

    /// Passes over a value that is no text.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.text()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return Some(()),
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => return Some(()),
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title_and_detail(json: &str) -> [Option<String>; 2] {
        texts(json.as_bytes(), ["title", "detail"])
    }

    #[test]
    fn members_are_found_whatever_stands_between_them() {
        let both = [
            Some("No".to_owned()),
            Some("a \"b\" ü\u{1f600} c".to_owned()),
        ];
        for json in [
            r#"{"title":"No","detail":"a \"b\" ü😀 c"}"#,
            r#" { "status" : 400 , "x": {"title":"inner","y":["]",{"z":null}]},"title":"No", "detail":"a \"b\" \u00fc\ud83d\ude00 c" , "more"#,
        ] {
            assert_eq!(title_and_detail(json), both);
        }
    }

    #[test]
    fn what_is_cut_off_or_no_object_gives_what_there_is() {
        assert_eq!(
            title_and_detail(r#"{"title":"No","detail":"it is cut"#),
            [Some("No".to_owned()), Some("it is cut".to_owned())]
        );
        for json in [
            "",
            "[]",
            "{",
            r#"{"title""#,
            r#"{"title":7}"#,
            "null",
            "{]}}",
        ] {
            assert_eq!(title_and_detail(json), [None, None], "{json}");
        }
        // Nothing that a service may answer takes long or fails.
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert_eq!(title_and_detail(&deep), [None, None]);
        assert_eq!(
            title_and_detail(r#"{"title":"\ud83d\u"}"#)[0].as_deref(),
            Some("\u{fffd}")
        );
    }
}
