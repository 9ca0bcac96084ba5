use crate::Config;

/// A text as one word of a POSIX shell: as it is where that is safe, otherwise in single quotes.
pub fn shell_word(text: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A program with those options that the configuration of an instance has a text for: each key with its option.
pub fn program(name: &str, config: &Config, options: &[(&str, &str)]) -> String {
    let mut line = name.to_owned();
    for (key, option) in options {
        if let Some(text) = config.get(*key).and_then(serde_json::Value::as_str) {
            // A shell knows the home directory only outside of quotes.
            let (home, text) = text.strip_prefix("~/").map_or(("", text), |rest| ("~/", rest));
            line.push_str(&format!(" {option} {home}{}", shell_word(text)));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_word_stays_one_word() {
        for (text, word) in [
            ("--replicas=3", "--replicas=3"),
            ("", "''"),
            ("two words", "'two words'"),
            ("$(reboot)", "'$(reboot)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
