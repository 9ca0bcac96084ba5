use camino::Utf8Path;
use jiff::Timestamp;

use super::journal;

/// An id, as `20261122-0412-ana`, that neither a journal nor `taken` has: date, time (UTC) and operator; with `-2` and so on where that is taken.
pub(super) fn new_id(now: Timestamp, operator: &str, journals: &Utf8Path, taken: impl Fn(&str) -> bool) -> String {
    let id = format!("{}-{}", now.strftime("%Y%m%d-%H%M"), plain(operator));
    let free = |id: &String| !journal::is_taken(journals, id) && !taken(id);
    let numbered = (2_u64..).map(|number| format!("{id}-{number}"));
    std::iter::once(id.clone()).chain(numbered).find(free).unwrap_or(id)
}

/// A name that can stand in the name of a file.
fn plain(operator: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '_' || c == '.' { c } else { '-' };
    let name: String = operator.chars().map(plain).take(40).collect();
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { "unknown".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_new_id() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let now: Timestamp = "2026-11-22T04:12:59Z".parse().unwrap();
        assert_eq!(new_id(now, "ana", folder, |_| false), "20261122-0412-ana");
        assert_eq!(new_id(now, "../a b", folder, |_| false), "20261122-0412-a-b");
        journal::Journal::create(folder, "20261122-0412-ana").unwrap();
        assert_eq!(new_id(now, "ana", folder, |id| id.ends_with("-2")), "20261122-0412-ana-3");
    }
}
