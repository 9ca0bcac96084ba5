use std::process::Command;

/// Who types: `$OPSCTL_OPERATOR`, else git's `user.name`, else `$USER`. Made safe for an operation's id and a commit.
pub(super) fn name() -> String {
    let candidates = [
        || std::env::var("OPSCTL_OPERATOR").ok(),
        git_user,
        || std::env::var("USER").ok(),
        || std::env::var("LOGNAME").ok(),
    ];
    let named = candidates.iter().filter_map(|candidate| candidate()).map(|name| safe(&name));
    named.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// On which machine.
pub(super) fn host() -> String {
    let named = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let asked = || fs_err::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| said("hostname", &[]));
    let name = named.or_else(asked).map(|name| safe(&name)).unwrap_or_default();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

fn git_user() -> Option<String> {
    said("git", &["config", "user.name"])
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Lower case letters, digits, `.` and `_`, with `-` between words; at most 32 of them.
fn safe(name: &str) -> String {
    let mut safe = String::new();
    for c in name.trim().chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_alphanumeric() || c == '.' || c == '_' => safe.push(c),
            _ if safe.is_empty() || safe.ends_with('-') => {}
            _ => safe.push('-'),
        }
    }
    safe.chars().take(32).collect::<String>().trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_a_name_is_safe() {
        for (name, safe_name) in [
            ("Ana Müller", "ana-müller"),
            ("  ana@example.com ", "ana-example.com"),
            ("../../x", "..-..-x"),
            ("a\u{1b}[2J\n", "a-2j"),
            ("\t", ""),
        ] {
            assert_eq!(safe(name), safe_name);
        }
        assert!(safe(&"x".repeat(99)).len() <= 32);
    }
}
