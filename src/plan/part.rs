use opsctl_api::{Pattern, shell_word};
use serde::{Deserialize, Serialize};

/// How much of a state is meant. What is made of a part is not the state: whoever tells of it says so, and it is held to none of its times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Only these names or addresses, and what they need; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<Pattern>,
    /// Not these names or addresses, nor what grows on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Pattern>,
}

impl Part {
    /// Whether all of it is meant.
    pub fn is_whole(&self) -> bool {
        self.target.is_empty() && self.exclude.is_empty()
    }

    /// As the command line has it: `--target worker --exclude 'west:*'`; empty of the whole.
    pub fn flags(&self) -> String {
        let all = [("target", &self.target), ("exclude", &self.exclude)];
        let flags = all.iter().flat_map(|(name, patterns)| patterns.iter().map(move |pattern| (name, pattern)));
        let flags: Vec<String> =
            flags.map(|(name, pattern)| format!("--{name} {}", shell_word(pattern.as_str()))).collect();
        flags.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_as_the_command_line_has_it() {
        assert_eq!((Part::default().is_whole(), Part::default().flags().as_str()), (true, ""));
        let part = Part { target: vec![Pattern::new("web")], exclude: vec![Pattern::new("west:*")] };
        assert_eq!((part.is_whole(), part.flags().as_str()), (false, "--target web --exclude 'west:*'"));
    }
}
