use std::fmt;

/// What there is to know of one code: the single source of `opsctl explain` and of `docs/errors.md`.
struct Entry {
    number: &'static str,
    title: &'static str,
    text: &'static str,
}

/// Declares the codes: each a variant, its number, a title and an explanation in Markdown.
macro_rules! codes {
    ($($name:ident $number:literal $title:literal $text:literal)*) => {
        /// A stable code of a diagnostic. Never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All codes, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn entry(self) -> Entry {
                match self {
                    $(Self::$name => Entry { number: $number, title: $title, text: $text },)*
                }
            }
        }
    };
}

include!("codes.in");

impl Code {
    /// `E0104`.
    pub fn number(self) -> &'static str {
        self.entry().number
    }

    /// What is wrong, in a few words.
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// What `opsctl explain` says: the title, what it means, and an example. Ends with a line break.
    pub fn explain(self) -> String {
        format!("{}: {}\n\n{}\n", self.number(), self.title(), self.entry().text.trim())
    }

    /// Whether what is shown of a file would show a secret.
    pub(super) fn is_secret(self) -> bool {
        matches!(self, Self::SecretInOpen | Self::PasswordInUrl)
    }

    /// The code of a number, in whichever case: `e0104`.
    pub fn find(number: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number().eq_ignore_ascii_case(number))
    }

    /// The page of all codes, `docs/errors.md`.
    pub fn page() -> String {
        let mut page = String::from(PREFACE);
        for code in Self::ALL {
            page.push_str(&format!("\n## {}: {}\n\n{}\n", code.number(), code.title(), code.entry().text.trim()));
        }
        page
    }
}

const PREFACE: &str = "# Error codes

What opsctl says about a file has a code. `E…` is an error: nothing is changed until it is mended.
`W…` is a warning: the run goes on. A code keeps its meaning for ever. `opsctl explain CODE` shows the same text.

This page is generated from the program; a test compares the two.
";

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_numbers_are_unique_and_sorted() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        for code in Code::ALL {
            assert_eq!(Code::find(&code.number().to_lowercase()), Some(*code));
            assert!(code.explain().contains("```"), "{code} has no example");
        }
    }

    #[test]
    fn test_the_page_is_the_one_in_docs() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
        if std::env::var_os("OPSCTL_REGENERATE").is_some() {
            std::fs::write(path, Code::page()).unwrap();
        }
        assert!(std::fs::read_to_string(path).unwrap() == Code::page(), "run again with OPSCTL_REGENERATE=1");
    }
}
