use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use opsctl_api::{Quantity, Value, format_duration};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::Verdict;
use super::clause;
use crate::state::Goal;

/// A file on this machine; of several the one that was changed last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// A path, or a pattern of paths: `/backup/db-*.dump`.
    pub path: String,
    /// How long ago it was changed; any time where there is none.
    pub age: Option<Goal>,
    /// How many bytes it has; any number where there is none.
    pub size: Option<Goal>,
}

/// What there is to know of a file.
struct Seen {
    path: PathBuf,
    changed: SystemTime,
    bytes: u64,
}

impl File {
    /// Whether the path stands for many.
    pub(crate) fn is_pattern(&self) -> bool {
        self.path.contains(['*', '?', '['])
    }

    /// Why a path is no pattern.
    pub(crate) fn mistake(path: &str) -> Option<String> {
        glob::Pattern::new(path).err().map(|error| error.msg.to_owned())
    }

    /// The newest of the files.
    fn newest(&self) -> Result<Seen, String> {
        if !self.is_pattern() {
            return seen(self.path.clone().into());
        }
        let paths = glob::glob(&self.path).map_err(|error| error.msg.to_owned())?;
        let mut newest: Option<Seen> = None;
        for path in paths {
            // What cannot be looked into may hold the newest.
            let path = path.map_err(|error| format!("{}: {}", error.path().display(), clause(error.error())))?;
            if path.is_dir() {
                continue;
            }
            let found = seen(path)?;
            if newest.as_ref().is_none_or(|newest| newest.changed < found.changed) {
                newest = Some(found);
            }
        }
        newest.ok_or_else(|| "no such file".to_owned())
    }

    fn judge(&self, seen: &Seen, now: SystemTime) -> Verdict {
        // A file from the future is new: clocks differ.
        let age = now.duration_since(seen.changed).unwrap_or_default();
        let name = if self.is_pattern() { format!("{}, ", seen.path.display()) } else { String::new() };
        let text = format!("{name}{} old, {}", format_duration(whole(age)), shown(seen.bytes));
        let holds = |is: &Option<Goal>, value: Option<Value>| is.as_ref().is_none_or(|is| is.holds(value.as_ref()));
        let bytes: Option<Quantity> = seen.bytes.to_string().parse().ok();
        let fits = holds(&self.age, Some(Value::Duration(age))) && holds(&self.size, bytes.map(Value::Quantity));
        Verdict { holds: fits, seen: text }
    }
}

fn seen(path: PathBuf) -> Result<Seen, String> {
    let told = std::fs::metadata(&path).map_err(|error| clause(&error))?;
    if !told.is_file() {
        return Err(format!("{} is no file", path.display()));
    }
    let changed = told.modified().map_err(|error| clause(&error))?;
    Ok(Seen { path, changed, bytes: told.len() })
}

/// An age in units that say something.
fn whole(age: Duration) -> Duration {
    let seconds = age.as_secs();
    let unit = match seconds {
        0..3600 => 1,
        3600..86_400 => 60,
        _ => 3600,
    };
    Duration::from_secs(seconds - seconds % unit)
}

/// A number of bytes as an operator reads it: `1.5Gi`.
fn shown(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "it is rounded anyway")]
    let mut amount = bytes as f64;
    let mut unit = " bytes";
    for larger in ["Ki", "Mi", "Gi", "Ti"] {
        if amount < 1024.0 {
            break;
        }
        (amount, unit) = (amount / 1024.0, larger);
    }
    let rounded = (amount * 10.0).round() / 10.0;
    format!("{rounded}{unit}")
}

/// Looks at the newest of the files. A disk that does not answer is waited for no longer than the limit.
pub(super) async fn look(file: &File, limit: Duration) -> Verdict {
    let asked = file.clone();
    match timeout(limit, tokio::task::spawn_blocking(move || asked.newest())).await {
        Ok(Ok(Ok(seen))) => file.judge(&seen, SystemTime::now()),
        Ok(Ok(Err(why))) => Verdict::no(why),
        Ok(Err(error)) => Verdict::no(clause(&error)),
        Err(_) => Verdict::no(format!("the disk did not answer within {}", format_duration(limit))),
    }
}

#[cfg(test)]
mod tests {
    use opsctl_api::parse_duration;

    use super::*;
    use crate::state::Bound;

    const LIMIT: Duration = Duration::from_secs(30);

    fn file(path: &str, most: Option<&str>, least: Option<&str>) -> File {
        let age = most.map(|most| {
            Bound { at_most: Some(Value::Duration(parse_duration(most).unwrap())), ..Bound::default() }.into()
        });
        let size = least
            .map(|least| Bound { at_least: Some(Value::Quantity(least.parse().unwrap())), ..Bound::default() }.into());
        File { path: path.to_owned(), age, size }
    }

    /// Writes a file that was changed so long ago.
    fn write(folder: &tempfile::TempDir, name: &str, bytes: usize, ago: u64) -> String {
        let path = folder.path().join(name);
        std::fs::write(&path, vec![0; bytes]).unwrap();
        let changed = SystemTime::now() - Duration::from_secs(ago);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn test_age_and_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "last.dump", 1536, 7200);
        assert!(look(&file(&path, None, None), LIMIT).await.holds);
        assert!(look(&file(&path, Some("24h"), Some("1Ki")), LIMIT).await.holds);
        let old = look(&file(&path, Some("1h"), None), LIMIT).await;
        assert!(!old.holds && old.seen.starts_with("2h") && old.seen.ends_with(" old, 1.5Ki"), "{}", old.seen);
        assert!(!look(&file(&path, Some("24h"), Some("1Mi")), LIMIT).await.holds);
    }

    #[tokio::test]
    async fn test_what_is_missing_is_not_fine() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let missing = look(&file(&path("none"), None, None), LIMIT).await;
        assert_eq!(missing, Verdict::no("no such file or directory"));
        assert_eq!(look(&file(&path("*.dump"), None, None), LIMIT).await, Verdict::no("no such file"));
        let is = look(&file(&path(""), None, None), LIMIT).await;
        assert!(!is.holds && is.seen.ends_with(" is no file"), "{}", is.seen);
    }

    #[tokio::test]
    async fn test_the_newest_of_several() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, "db-1.dump", 10, 90_000);
        let newest = write(&folder, "db-2.dump", 10, 60);
        write(&folder, "other", 10, 0);
        let seen = look(&file(folder.path().join("db-*.dump").to_str().unwrap(), Some("24h"), None), LIMIT).await;
        assert!(seen.holds && seen.seen.starts_with(&format!("{newest}, 1m")), "{}", seen.seen);
    }

    #[test]
    fn test_a_file_of_the_future_is_new() {
        let now = SystemTime::now();
        let changed = now + Duration::from_secs(3600);
        let seen = Seen { path: "x".into(), changed, bytes: 0 };
        assert_eq!(file("x", Some("1s"), None).judge(&seen, now), Verdict::yes("0s old, 0 bytes"));
    }

    #[test]
    fn test_bytes_for_the_eye() {
        let texts = [0, 1023, 1024, 1_572_864, 3 << 30, u64::MAX].map(shown);
        assert_eq!(texts, ["0 bytes", "1023 bytes", "1Ki", "1.5Mi", "3Gi", "16777216Ti"]);
    }
}
